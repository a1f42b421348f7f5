import { describe, expect, test } from 'bun:test'
import { dateTime } from './fields'
import { Refusal } from './refusal'
import { addDays, createCalendar, createClock, isDay, weekdayOf } from './time'

const colombo = createCalendar('Asia/Colombo')
const newYork = createCalendar('America/New_York')
const utc = (text: string) => Date.parse(text)

function refusalOf(work: () => unknown): Refusal | null {
  try {
    work()
  } catch (error) {
    if (error instanceof Refusal) return error
    throw error
  }
  return null
}

function faultOf(work: () => unknown): string {
  const refusal = refusalOf(work)
  return refusal ? `${refusal.reason} ${refusal.details.fields?.[0]?.path}` : 'none'
}

describe('dates in the hospital’s zone', () => {
  test('what is read is written the same', () => {
    for (const text of ['2026-05-18 09:30:00', '2026-12-31 23:59:59', '2027-01-01 00:00:00', '2028-02-29 12:00:01']) {
      expect(colombo.format(colombo.read(text, 'x'))).toBe(text)
      expect(newYork.format(newYork.read(text, 'x'))).toBe(text)
    }
    expect(colombo.read('2026-05-18 09:30:00', 'x')).toBe(utc('2026-05-18T04:00:00Z'))
  })

  test('a plain date is the start of its day, and as an end the last millisecond of it', () => {
    expect(colombo.read('2026-05-18', 'x')).toBe(utc('2026-05-17T18:30:00Z'))
    expect(colombo.read('2026-05-18', 'x', 'end')).toBe(utc('2026-05-18T18:30:00Z') - 1)
    expect(colombo.dayOf(colombo.read('2026-05-18', 'x', 'end'))).toBe('2026-05-18')
    expect(colombo.dayOf(colombo.read('2026-05-18', 'x', 'end') + 1)).toBe('2026-05-19')
  })

  test('a local time that a clock change skips does not exist', () => {
    expect(faultOf(() => newYork.read('2026-03-08 02:30:00', 'query.fromDate'))).toBe('invalid_request query.fromDate')
    expect(newYork.at('2026-03-08', 150)).toBeNull()
    expect(newYork.read('2026-03-08 01:59:59', 'x') + 1000).toBe(newYork.read('2026-03-08 03:00:00', 'x'))
  })

  test('a local time that comes twice is the first of them', () => {
    expect(newYork.read('2026-11-01 01:30:00', 'x')).toBe(utc('2026-11-01T05:30:00Z'))
    expect(newYork.format(utc('2026-11-01T05:30:00Z'))).toBe(newYork.format(utc('2026-11-01T06:30:00Z')))
  })

  test('a day has 23, 24 or 25 hours, as the clocks change', () => {
    const hours = (day: string) => (newYork.endOf(day) + 1 - newYork.startOf(day)) / 3_600_000
    expect([hours('2026-03-08'), hours('2026-05-18'), hours('2026-11-01')]).toEqual([23, 24, 25])
  })

  test('a day whose midnight is skipped begins when it does', () => {
    const cairo = createCalendar('Africa/Cairo')
    expect(cairo.format(cairo.startOf('2026-04-24'))).toBe('2026-04-24 01:00:00')
  })

  test.each([
    '2026-02-30',
    '2026-13-01',
    '2026-00-10',
    '2026-05-18 24:00:00',
    '2026-05-18 12:60:00',
    '2026-05-18T12:00:00',
    '2026-5-18',
    '0000-01-01',
    '9999-12-31',
    '',
    'today',
  ])('%p is no date', (text) => {
    expect(faultOf(() => colombo.read(text, 'body.at'))).toBe('invalid_request body.at')
  })

  test.each([
    ['9999-12-31', 'must be from 1800-01-01 to 2999-12-31'],
    ['3000-01-01 00:00:00', 'must be from 1800-01-01 to 2999-12-31'],
    ['1799-12-31', 'must be from 1800-01-01 to 2999-12-31'],
    ['9999-02-30', 'must be a date that exists'],
    ['2026-02-30 10:00:00', 'must be a date that exists'],
    ['today', 'must be a date as yyyy-MM-dd HH:mm:ss or yyyy-MM-dd'],
  ])('of %p a field and the calendar say the same: it %s', (text, fault) => {
    expect(dateTime.safeParse(text).error?.issues[0]?.message).toBe(fault)
    expect(refusalOf(() => colombo.read(text, 'body.at'))?.details.fields).toEqual([
      { path: 'body.at', message: fault },
    ])
  })

  test('the first and the last moment of what is read are read', () => {
    for (const text of ['1800-01-01 00:00:00', '2999-12-31 23:59:59']) {
      expect(colombo.format(colombo.read(text, 'body.at'))).toBe(text)
      expect(dateTime.safeParse(text).success).toBe(true)
    }
  })

  test('a zone that nobody knows is refused', () => {
    expect(() => createCalendar('Mars/Olympus')).toThrow(RangeError)
  })
})

test('days are counted over months, years and leap days', () => {
  expect(addDays('2026-12-31', 1)).toBe('2027-01-01')
  expect(addDays('2028-02-28', 1)).toBe('2028-02-29')
  expect(addDays('2026-03-01', -1)).toBe('2026-02-28')
  expect([weekdayOf('2026-11-22'), weekdayOf('2026-11-23')]).toEqual([7, 1])
  expect([isDay('2028-02-29'), isDay('2026-02-29'), isDay('1799-12-31'), isDay('2999-12-31')]).toEqual([
    true,
    false,
    false,
    true,
  ])
})

describe('a clock that never goes backwards', () => {
  test('follows the machine while that goes forwards', () => {
    let system = 1000
    const clock = createClock(
      0,
      () => system,
      () => system,
    )
    expect(clock()).toBe(1000)
    system = 5000
    expect(clock()).toBe(5000)
  })

  test('goes on at the pace of time when the machine’s clock is set back', () => {
    let system = 10_000
    let elapsed = 0
    const clock = createClock(
      0,
      () => system,
      () => elapsed,
    )
    expect(clock()).toBe(10_000)
    system = 4000
    elapsed = 250
    expect(clock()).toBe(10_250)
    elapsed = 250.9
    expect(clock()).toBe(10_250)
    elapsed = 1000
    expect(clock()).toBe(11_000)
    system = 20_000
    expect(clock()).toBe(20_000)
  })

  test('goes on from the latest instant ever told, over a restart', () => {
    let elapsed = 0
    const clock = createClock(
      50_000,
      () => 1000,
      () => elapsed,
    )
    expect(clock()).toBe(50_000)
    elapsed = 10
    expect(clock()).toBe(50_010)
  })
})
