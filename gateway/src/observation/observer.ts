import type { Caller, Reason } from '@channelling/contract'
import type { Log, LogOutput } from '@channelling/http'
import type { Route } from '../directory'
import type { Quota } from '../limits/rate-limit'
import type { Metrics, RouteMetrics } from './metrics'
import { requestLine } from './request-line'
import { TRACEPARENT_HEADER, type Trace, traceOf } from './trace'

export interface ObserverOptions {
  metrics: Metrics
  /** Says by its level which lines are written. */
  log: Pick<Log, 'isLevelEnabled'>
  output: Pick<LogOutput, 'gather'>
  /** From how long on a request is slow, in milliseconds; 0: never. */
  slowMs: number
  clock?: () => number
  /** Milliseconds that only ever go forward. */
  elapsed?: () => number
}

/** Where a request went, as far as it may be told. */
export type Place = Pick<Route, 'template' | 'waits'> & { service: { name: string } }

/** A request under way: what is known of it grows with each door it passes. */
export interface Seen {
  readonly requestId: string
  readonly trace: Trace
  readonly method: string
  readonly begun: number
  /** Undefined until the route is found. */
  route: Place | undefined
  /** Undefined until the key is known. */
  caller: Caller | undefined
  /** What limits that key; undefined where nothing does. */
  quota: Pick<Quota, 'tell'> | undefined
}

export interface Observer {
  begin(request: Request): Seen
  /** @param reason why it was refused */
  end(seen: Seen, status: number, reason?: Reason): void
}

/** The gateway itself, where a request got no further. */
export const nowhere: Place = { template: 'none', service: { name: 'gateway' } }

const known = ['GET', 'HEAD', 'POST', 'PUT', 'DELETE', 'PATCH', 'OPTIONS', 'TRACE', 'CONNECT']
const methods = new Map(known.map((method) => [method, method]))
const OTHER_METHODS = 'other'

/** Sees every request come and go: counts it, measures it, and writes its one line. */
export function createObserver(options: ObserverOptions): Observer {
  const { metrics, log, output, slowMs, clock = Date.now, elapsed = () => performance.now() } = options
  const writes = log.isLevelEnabled('info')
  const writesSlow = log.isLevelEnabled('warn') && slowMs > 0
  /** By the very object, since a request brings it along; a place is forgotten with the directory that held it. */
  const byRoute = new WeakMap<Place, Map<string, RouteMetrics>>()

  function metricsOf(place: Place, method: string): RouteMetrics {
    let byMethod = byRoute.get(place)
    if (!byMethod) {
      byMethod = new Map()
      byRoute.set(place, byMethod)
    }
    let found = byMethod.get(method)
    if (!found) {
      found = metrics.route({ method, route: place.template, service: place.service.name })
      byMethod.set(method, found)
    }
    return found
  }

  return {
    begin({ method, headers }) {
      metrics.came()
      const requestId = crypto.randomUUID()
      return {
        requestId,
        trace: traceOf(headers.get(TRACEPARENT_HEADER), requestId),
        method: methods.get(method) ?? OTHER_METHODS,
        begun: elapsed(),
        route: undefined,
        caller: undefined,
        quota: undefined,
      }
    },
    end({ requestId, trace, method, begun, route, caller }, status, reason) {
      metrics.went()
      const durationMs = elapsed() - begun
      const place = route ?? nowhere
      const { answered, observe } = metricsOf(place, method)
      answered.set(status, (answered.get(status) ?? 0) + 1)
      observe(durationMs / 1000)
      if (reason) metrics.refused(reason, place.service.name)
      if (caller) metrics.letIn(caller.keyId)
      const slow = writesSlow && durationMs >= slowMs && !route?.waits
      if (!slow && !writes) return
      const line = {
        requestId,
        traceId: trace.id,
        method,
        route: place.template,
        status,
        durationMs,
        reason,
        clientId: caller?.clientId,
        keyId: caller?.keyId,
      }
      output.gather(requestLine(slow ? 'warn' : 'info', new Date(clock()), line))
    },
  }
}
