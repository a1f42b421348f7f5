import { DAY_MS, type Instant, MINUTE_MS } from '@channelling/contract'

const SECOND_MS = 1000
const HOUR_MS = 60 * MINUTE_MS

/** The waits after the first, the second … failure in a row: the schedule that Standard Webhooks recommends. After these, the last again. */
export const WAITS_MS = [
  5 * SECOND_MS,
  5 * MINUTE_MS,
  30 * MINUTE_MS,
  2 * HOUR_MS,
  5 * HOUR_MS,
  10 * HOUR_MS,
  14 * HOUR_MS,
  20 * HOUR_MS,
  24 * HOUR_MS,
] as const

/** A wait is up to this part longer, by chance, so that those who failed together do not come back together. */
const JITTER = 0.2

/** How long nothing but failures may come of a webhook before it is paused, and of one delivery before it is given up. */
export const FAILING_MS_MAX = 5 * DAY_MS

/** What a receiver may ask for with `Retry-After`. */
const ASKED_MS_MIN = 5 * SECOND_MS
const ASKED_MS_MAX = DAY_MS

export interface FailedAttempt {
  at: Instant
  /** What was answered; null where nothing was. */
  httpStatus: number | null
  /** What `Retry-After` asks for. */
  retryAfterMs: number | null
  /** Failures of this delivery in a row, this one included, and when the first of them was. */
  failures: number
  failingSince: Instant
  /** Since when nothing but failures came of the webhook, this one included. */
  webhookFailingSince: Instant
  /** From 0 up to 1, drawn. */
  chance: number
}

/**
 * `retry`: wait until then. `hold`: so do the other deliveries of the webhook, since the receiver asked for it. `give_up`: this one is over, though
 * others arrive. `pause`: nothing more is sent until the client says so; the delivery goes on waiting.
 */
export type Consequence =
  | { kind: 'retry'; at: Instant }
  | { kind: 'hold'; at: Instant }
  | { kind: 'give_up' }
  | { kind: 'pause'; reason: 'gone' | 'failing' }

/** What follows from an attempt that failed. */
export function afterFailure(attempt: FailedAttempt): Consequence {
  const { at, httpStatus, retryAfterMs, failures, failingSince, webhookFailingSince, chance } = attempt
  if (httpStatus === 410) return { kind: 'pause', reason: 'gone' }
  if (at - webhookFailingSince >= FAILING_MS_MAX) return { kind: 'pause', reason: 'failing' }
  if (at - failingSince >= FAILING_MS_MAX) return { kind: 'give_up' }
  if ((httpStatus === 429 || httpStatus === 503) && retryAfterMs !== null) {
    return { kind: 'hold', at: at + Math.min(Math.max(retryAfterMs, ASKED_MS_MIN), ASKED_MS_MAX) }
  }
  const wait = WAITS_MS[Math.min(failures, WAITS_MS.length) - 1]!
  return { kind: 'retry', at: at + Math.round(wait * (1 + JITTER * chance)) }
}

/** The wait that a `Retry-After` asks for: seconds, or a date. Null where it is neither. */
export function retryAfterMs(header: string | null, now: Instant): number | null {
  if (header === null) return null
  if (/^\d{1,9}$/.test(header.trim())) return Number(header) * SECOND_MS
  const until = /^[A-Z][a-z]{2}, /.test(header) ? Date.parse(header) : Number.NaN
  return Number.isNaN(until) ? null : Math.max(0, until - now)
}
