import { expect, test } from 'bun:test'
import { createCalendar } from '@channelling/contract'
import { expiryOf, momentOf, overlapOf, pagingOf, scopesOf } from './options'

const colombo = createCalendar('Asia/Colombo')
const now = Date.UTC(2026, 4, 18, 4, 0, 0) // 2026-05-18 09:30:00 in Colombo

test('an expiry is a day that is not over, or a moment ahead, in the zone of the hospital', () => {
  for (const given of [undefined, '2026-05-18', '2026-05-18 09:30:01', '2999-12-31', '2999-12-31 23:59:59']) {
    expect(expiryOf(given, colombo, now)).toBe(given)
  }
  for (const [given, fault] of [
    ['2026-05-17', '--expires must be in the future'],
    ['2026-05-18 09:30:00', '--expires must be in the future'],
    ['2026-02-30', '--expires must be a date that exists'],
    ['9999-12-31', '--expires must be from 1800-01-01 to 2999-12-31'],
    ['2026-05-18 24:00:00', '--expires must be a date as yyyy-MM-dd HH:mm:ss or yyyy-MM-dd'],
    ['2026-05-18T10:00:00', '--expires must be a date as yyyy-MM-dd HH:mm:ss or yyyy-MM-dd'],
    ['tomorrow', '--expires must be a date as yyyy-MM-dd HH:mm:ss or yyyy-MM-dd'],
    ['', '--expires must be a date as yyyy-MM-dd HH:mm:ss or yyyy-MM-dd'],
  ] as const) {
    expect(() => expiryOf(given, colombo, now)).toThrow(fault)
  }
})

test('a moment that a clock change skips is none', () => {
  const newYork = createCalendar('America/New_York')
  expect(() => expiryOf('2027-03-14 02:30:00', newYork, now)).toThrow('--expires must be a local time that exists')
})

test('scopes are those that there are, and an overlap is whole minutes', () => {
  expect(scopesOf('admin, bookings:read')).toEqual(['admin', 'bookings:read'])
  for (const wrong of ['', 'all,admin', 'admin,']) expect(() => scopesOf(wrong)).toThrow('There is no scope')
  expect([overlapOf(undefined), overlapOf('0'), overlapOf('60')]).toEqual([undefined, 0, 60])
  for (const wrong of ['', '1.5', '-1']) expect(() => overlapOf(wrong)).toThrow('--overlap is a whole number')
})

test('a range of time is of days or moments, past ones too', () => {
  for (const given of [undefined, '2020-01-01', '2020-01-01 09:30:00']) {
    expect(momentOf('from', given, colombo)).toBe(given)
  }
  expect(() => momentOf('to', 'today', colombo)).toThrow('--to must be a date as')
})

test('a page is what the API takes for one, and its first of twenty unless told', () => {
  expect(pagingOf({})).toEqual({ page: 0, size: 20 })
  expect(pagingOf({ page: '3', size: '200' })).toEqual({ page: 3, size: 200 })
  for (const wrong of ['-1', '1.5', 'x', '']) {
    expect(() => pagingOf({ page: wrong })).toThrow('--page must be a whole number from 0 to 1000000000')
  }
  expect(() => pagingOf({ size: '201' })).toThrow('--size must be a whole number from 1 to 200')
  expect(() => pagingOf({ size: '0' })).toThrow('--size must be a whole number from 1 to 200')
})
