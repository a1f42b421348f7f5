import { expect, test } from 'bun:test'
import { createCalendar } from '@channelling/contract'
import { type Recurrence, sittingOn } from './publishing'

const london = createCalendar('Europe/London')
const sunday: Recurrence = { weekday: 7, startMinute: 0, durationMinutes: 1440, validFrom: null, validTo: null }
const shown = (schedule: Recurrence, day: string) => {
  const sitting = sittingOn(schedule, day, london)
  return sitting && [london.format(sitting.startsAt), london.format(sitting.endsAt)]
}

test('a day shortened or lengthened by a clock change still ends at midnight', () => {
  expect(shown(sunday, '2026-03-29')).toEqual(['2026-03-29 00:00:00', '2026-03-30 00:00:00'])
  expect(shown(sunday, '2026-10-25')).toEqual(['2026-10-25 00:00:00', '2026-10-26 00:00:00'])
})

test('a start that a clock change skips is no sitting, a skipped end is the planned time later', () => {
  expect(shown({ ...sunday, startMinute: 90, durationMinutes: 60 }, '2026-03-29')).toBeNull()
  expect(shown({ ...sunday, startMinute: 30, durationMinutes: 60 }, '2026-03-29')).toEqual([
    '2026-03-29 00:30:00',
    '2026-03-29 02:30:00',
  ])
})

test('other weekdays, and days outside the validity, have no sitting', () => {
  expect(shown(sunday, '2026-05-18')).toBeNull()
  expect(shown({ ...sunday, validFrom: '2026-05-25' }, '2026-05-24')).toBeNull()
  expect(shown({ ...sunday, validFrom: '2026-05-24', validTo: '2026-05-24' }, '2026-05-24')).not.toBeNull()
  expect(shown({ ...sunday, validTo: '2026-05-23' }, '2026-05-24')).toBeNull()
})
