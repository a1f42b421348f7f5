import { type Calendar, type Day, type Instant, MINUTE_MS, weekdayOf } from '@channelling/contract'

/** When a schedule sits. */
export interface Recurrence {
  /** 1 for Monday to 7 for Sunday. */
  weekday: number
  /** Minutes after local midnight. */
  startMinute: number
  durationMinutes: number
  /** First and last day on which it applies; null is open. */
  validFrom: Day | null
  validTo: Day | null
}

/**
 * The sitting of a schedule on a day, or null where it has none: another weekday, out of its validity, or a start that a
 * clock change skips. It ends by the clock on the wall, so a day shortened by a clock change still ends at midnight.
 */
export function sittingOn(
  schedule: Recurrence,
  day: Day,
  calendar: Calendar,
): { startsAt: Instant; endsAt: Instant } | null {
  if (weekdayOf(day) !== schedule.weekday) return null
  if (schedule.validFrom !== null && day < schedule.validFrom) return null
  if (schedule.validTo !== null && day > schedule.validTo) return null
  const startsAt = calendar.at(day, schedule.startMinute)
  if (startsAt === null) return null
  const endsAt = calendar.at(day, schedule.startMinute + schedule.durationMinutes)
  return { startsAt, endsAt: endsAt ?? startsAt + schedule.durationMinutes * MINUTE_MS }
}
