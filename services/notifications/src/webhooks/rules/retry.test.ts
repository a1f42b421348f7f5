import { expect, test } from 'bun:test'
import { DAY_MS, MINUTE_MS } from '@channelling/contract'
import { afterFailure, type FailedAttempt, retryAfterMs, WAITS_MS } from './retry'

const START = Date.UTC(2026, 4, 18)
const HOUR_MS = 60 * MINUTE_MS

const failed = (over: Partial<FailedAttempt> = {}): FailedAttempt => ({
  at: START,
  httpStatus: 500,
  retryAfterMs: null,
  failures: 1,
  failingSince: START,
  webhookFailingSince: START,
  chance: 0,
  ...over,
})

test('a delivery is tried after 5 s, 5 min, 30 min, 2 h, 5 h, 10 h, and so on, until nothing has arrived for five days', () => {
  let at = START
  const waits: number[] = []
  for (let failures = 1; ; failures++) {
    const next = afterFailure(failed({ at, failures }))
    if (next.kind !== 'retry') {
      expect(next).toEqual({ kind: 'pause', reason: 'failing' })
      break
    }
    waits.push(next.at - at)
    at = next.at
  }
  expect(waits.slice(0, 9)).toEqual([...WAITS_MS])
  expect(waits.slice(0, 6)).toEqual([5000, 5 * MINUTE_MS, 30 * MINUTE_MS, 2 * HOUR_MS, 5 * HOUR_MS, 10 * HOUR_MS])
  expect(waits.slice(9).every((wait) => wait === DAY_MS)).toBe(true)
  expect(at - START).toBeGreaterThanOrEqual(5 * DAY_MS)
})

test('chance makes a wait up to a fifth longer, never shorter', () => {
  expect(afterFailure(failed({ chance: 0 }))).toEqual({ kind: 'retry', at: START + 5000 })
  expect(afterFailure(failed({ chance: 0.999_999 }))).toEqual({ kind: 'retry', at: START + 6000 })
})

test('five days to the millisecond: before them it is tried again, at them the webhook pauses', () => {
  const at = START + 5 * DAY_MS
  expect(afterFailure(failed({ at: at - 1, failures: 12 })).kind).toBe('retry')
  expect(afterFailure(failed({ at, failures: 12 }))).toEqual({ kind: 'pause', reason: 'failing' })
})

test('one that fails while others arrive is given up after five days, and nothing is paused', () => {
  const at = START + 5 * DAY_MS
  expect(afterFailure(failed({ at, failures: 12, webhookFailingSince: at - 1 }))).toEqual({ kind: 'give_up' })
  expect(afterFailure(failed({ at, failingSince: START + 1, webhookFailingSince: at - 1 })).kind).toBe('retry')
})

test('410 pauses at once', () => {
  expect(afterFailure(failed({ httpStatus: 410 }))).toEqual({ kind: 'pause', reason: 'gone' })
})

test.each([
  [429, 60_000, 60_000],
  [503, 60_000, 60_000],
  [429, 0, 5000],
  [429, 90 * DAY_MS, DAY_MS],
])('%i with Retry-After of %i ms is left alone for %i ms', (httpStatus, asked, waited) => {
  expect(afterFailure(failed({ httpStatus, retryAfterMs: asked }))).toEqual({ kind: 'hold', at: START + waited })
})

test('Retry-After of any other answer is not looked at', () => {
  expect(afterFailure(failed({ retryAfterMs: 60_000 }))).toEqual({ kind: 'retry', at: START + 5000 })
})

test.each([
  [null, null],
  ['120', 120_000],
  ['0', 0],
  ['Mon, 18 May 2026 00:01:00 GMT', 60_000],
  ['Sun, 17 May 2026 00:00:00 GMT', 0],
  ['soon', null],
  ['-5', null],
  ['', null],
] as const)('Retry-After %p is %p ms', (header, ms) => {
  expect(retryAfterMs(header, START)).toBe(ms)
})
