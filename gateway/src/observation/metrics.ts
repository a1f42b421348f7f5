import { type Reason, reasons } from '@channelling/contract'
import { Counter, Gauge, Histogram, Registry } from 'prom-client'

/** Seconds. A read takes less than a millisecond; nobody waits longer than the engine lets a command wait. */
const DURATIONS = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10]
const GROUP_SIZES = [1, 2, 4, 8, 16, 32, 64, 128, 256]
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
  const groupSizes = new Histogram({
    name: 'channelling_bookings_group_size',
    help: 'Commands that one write of the booking engine carried',
    buckets: GROUP_SIZES,
    registers,
  })
  const commits = new Histogram({
    name: 'channelling_bookings_commit_duration_seconds',
    help: 'From when the writer was given a group until it was on the disk',
    buckets: DURATIONS,
    registers,
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
    /** Of the booking engine, where it is in this process. */
    watchWaiting(waiting: () => number): void {
      new Gauge({
        name: 'channelling_bookings_waiting',
        help: 'Commands that wait for the booking engine',
        registers,
        collect() {
          this.set(waiting())
        },
      })
    },
    groupSaved({ size, commitMs }: { size: number; commitMs: number }): void {
      groupSizes.observe(size)
      commits.observe(commitMs / 1000)
    },
  }
}

export type Metrics = ReturnType<typeof createMetrics>

/** A reason as a service named it; undefined for what is none, so that no text of any kind becomes a label. */
export const reasonNamed = (name: string | null): Reason | undefined =>
  name !== null && Object.hasOwn(reasons, name) ? (name as Reason) : undefined
