import { expect, test } from 'bun:test'
import { createCalendar } from '@channelling/contract'
import { expiryOf } from './expiry'

const calendar = createCalendar('Asia/Colombo')
const midnight = Date.UTC(2026, 4, 18, 18, 30, 0) // 2026-05-19 00:00:00 in Colombo

test('a key given until a day works to the last millisecond of that day in the zone', () => {
  expect(expiryOf('2026-05-18', 'body.expiresAt', calendar, midnight - 1)).toBe(midnight)
  expect(() => expiryOf('2026-05-18', 'body.expiresAt', calendar, midnight)).toThrow('not valid')
})

test('a key given until a moment works before it, not at it', () => {
  expect(expiryOf('2026-05-18 09:30:00', 'body.expiresAt', calendar, 0)).toBe(Date.UTC(2026, 4, 18, 4, 0, 0))
  expect(() => expiryOf('2026-05-18 09:30:00', 'x', calendar, Date.UTC(2026, 4, 18, 4, 0, 0))).toThrow('not valid')
})

test('a day that a clock change shortens ends where the next begins', () => {
  const cairo = createCalendar('Africa/Cairo')
  // in Cairo the clocks of 2026 go forward at midnight of 24 April: that day begins at 01:00
  expect(expiryOf('2026-04-23', 'x', cairo, 0)).toBe(cairo.startOf('2026-04-24'))
  expect(cairo.format(expiryOf('2026-04-23', 'x', cairo, 0))).toBe('2026-04-24 01:00:00')
})
