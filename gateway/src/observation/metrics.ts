import { type Reason, reasons } from '@channelling/contract'
import { DURATIONS } from '@channelling/metrics'
import { Counter, Gauge, Histogram, Registry } from 'prom-client'

/** Keys counted one by one; the requests of the others are counted together. */
const KEYS_MAX = 1_000
const OTHER_KEYS = 'other'

/** One method of one route. Numbers alone change with a request: labels are put to them when somebody asks. */
export interface RouteMetrics {
  /** How many requests it answered, by status. */
  answered: Map<number, number>
  observe(seconds: number): void
}

export interface RouteLabels {
  method: string
  route: string
  service: string
}

/** What is counted and measured, in the text format of Prometheus. Labels are route templates, statuses, reasons and ids, nothing of a request. */
export function createMetrics() {
  const registry = new Registry()
  const registers = [registry]
  const routes = new Map<string, RouteMetrics & { labels: RouteLabels }>()
  const refusals = new Map<string, { reason: Reason; service: string; count: number }>()
  const keys = new Map<number, number>()
  let otherKeys = 0
  let inFlight = 0

  const durations = new Histogram({
    name: 'channelling_http_request_duration_seconds',
    help: 'From the arrival of a request to its answer',
    labelNames: ['method', 'route', 'service'],
    buckets: DURATIONS,
    registers,
  })
  new Counter({
    name: 'channelling_http_requests_total',
    help: 'Requests answered',
    labelNames: ['method', 'route', 'service', 'status'],
    registers,
    collect() {
      this.reset()
      for (const { labels, answered } of routes.values()) {
        for (const [status, count] of answered) this.inc({ ...labels, status }, count)
      }
    },
  })
  new Gauge({
    name: 'channelling_http_requests_in_flight',
    help: 'Requests that came and are not answered yet',
    registers,
    collect() {
      this.set(inFlight)
    },
  })
  new Counter({
    name: 'channelling_refusals_total',
    help: 'Requests refused, by the reason in the answer',
    labelNames: ['reason', 'service'],
    registers,
    collect() {
      this.reset()
      for (const { reason, service, count } of refusals.values()) this.inc({ reason, service }, count)
    },
  })
  new Counter({
    name: 'channelling_key_requests_total',
    help: `Requests let in, by the id of the key; of the first ${KEYS_MAX} keys seen, and of all others together`,
    labelNames: ['key'],
    registers,
    collect() {
      this.reset()
      for (const [key, count] of keys) this.inc({ key: String(key) }, count)
      if (otherKeys > 0) this.inc({ key: OTHER_KEYS }, otherKeys)
    },
  })

  return {
    /** For what else is to be told. */
    registry,
    /** The same for the same labels. */
    route(labels: RouteLabels): RouteMetrics {
      const name = `${labels.method} ${labels.route} ${labels.service}`
      let found = routes.get(name)
      if (!found) {
        const child = durations.labels(labels)
        found = { labels, answered: new Map(), observe: (seconds) => child.observe(seconds) }
        routes.set(name, found)
      }
      return found
    },
    came(): void {
      inFlight++
    },
    went(): void {
      inFlight--
    },
    refused(reason: Reason, service: string): void {
      const name = `${service} ${reason}`
      const known = refusals.get(name)
      if (known) known.count++
      else refusals.set(name, { reason, service, count: 1 })
    },
    letIn(keyId: number): void {
      const count = keys.get(keyId)
      if (count !== undefined) keys.set(keyId, count + 1)
      else if (keys.size < KEYS_MAX) keys.set(keyId, 1)
      else otherKeys++
    },
  }
}

export type Metrics = ReturnType<typeof createMetrics>

/** A reason as a service named it; undefined for what is none, so that no text of any kind becomes a label. */
export const reasonNamed = (name: string | null): Reason | undefined =>
  name !== null && Object.hasOwn(reasons, name) ? (name as Reason) : undefined
