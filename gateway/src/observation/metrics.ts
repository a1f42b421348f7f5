import { type Reason, reasons } from '@channelling/contract'
import { DURATIONS } from '@channelling/metrics'
import { Counter, Gauge, type Metric, Registry } from 'prom-client'

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
  const routes = new Map<string, MeasuredRoute>()
  const refusals = new Map<string, { reason: Reason; service: string; count: number }>()
  const keys = new Map<number, number>()
  let otherKeys = 0
  let inFlight = 0

  registry.registerMetric(durationsOf(routes))
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
        found = measured(labels)
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

interface MeasuredRoute extends RouteMetrics {
  labels: RouteLabels
  /** How many took up to each of `DURATIONS`, and not up to the one before; last those that took longer than all. */
  within: number[]
  /** All of them together, in seconds. */
  sum: number
}

/** prom-client writes out a bound as text, and the labels, for each observation: a tenth of what a small request costs. */
function measured(labels: RouteLabels): MeasuredRoute {
  const within = Array<number>(DURATIONS.length + 1).fill(0)
  const route: MeasuredRoute = {
    labels,
    answered: new Map(),
    within,
    sum: 0,
    observe(seconds) {
      let bucket = 0
      while (bucket < DURATIONS.length && seconds > DURATIONS[bucket]!) bucket++
      within[bucket]!++
      route.sum += seconds
    },
  }
  return route
}

const DURATION = 'channelling_http_request_duration_seconds'

/** What stands for a histogram in a registry, which asks it for nothing but its name and its samples. */
const durationsOf = (routes: ReadonlyMap<string, MeasuredRoute>) =>
  ({
    name: DURATION,
    get: async () => ({
      name: DURATION,
      help: 'From the arrival of a request to its answer',
      type: 'histogram',
      values: [...routes.values()].flatMap(samplesOf),
    }),
  }) as unknown as Metric

function samplesOf({ labels, within, sum }: MeasuredRoute) {
  let count = 0
  const buckets = within.map((more, bucket) => {
    count += more
    return { metricName: `${DURATION}_bucket`, labels: { le: DURATIONS[bucket] ?? '+Inf', ...labels }, value: count }
  })
  return [
    ...buckets,
    { metricName: `${DURATION}_sum`, labels, value: sum },
    { metricName: `${DURATION}_count`, labels, value: count },
  ]
}

export type Metrics = ReturnType<typeof createMetrics>

/** A reason as a service named it; undefined for what is none, so that no text of any kind becomes a label. */
export const reasonNamed = (name: string | null): Reason | undefined =>
  name !== null && Object.hasOwn(reasons, name) ? (name as Reason) : undefined
