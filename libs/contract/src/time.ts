import dayjs from 'dayjs'
import timezone from 'dayjs/plugin/timezone'
import utc from 'dayjs/plugin/utc'
import { invalidField } from './refusal'

dayjs.extend(utc)
dayjs.extend(timezone)

/** A moment, in UTC milliseconds. */
export type Instant = number

/** A calendar day, `yyyy-MM-dd`, without a zone. */
export type Day = string

export const MINUTE_MS = 60_000
export const DAY_MS = 86_400_000

/** Every zone change in force since 1972 falls on a quarter of an hour of UTC, so an offset holds for the quarter. */
const QUARTER_MS = 15 * MINUTE_MS

/** Seconds whose text is kept: sessions begin, and turns come, at few of them, and what is made now is made in the same one. */
const FORMATTED_MAX = 10_000

/** The rest of a division, never below zero. */
const modulo = (value: number, by: number) => ((value % by) + by) % by

/**
 * A clock that never goes backwards: when the machine's clock is set back, it goes on from where it was at the pace of time.
 * @param from the latest instant ever told before, over restarts
 */
export function createClock(from: Instant, system = Date.now, elapsed = () => performance.now()): () => Instant {
  let base = from
  let baseAt = elapsed()
  return () => {
    const now = system()
    const going = base + Math.floor(elapsed() - baseAt)
    if (now < going) return going
    base = now
    baseAt = elapsed()
    return now
  }
}

/** What is said of a text that is neither a date and time nor a date. */
export const notDateTime = 'must be a date as yyyy-MM-dd HH:mm:ss or yyyy-MM-dd'

/** The calendar of one zone: instants to and from `yyyy-MM-dd HH:mm:ss`. */
export interface Calendar {
  zone: string
  /** `yyyy-MM-dd HH:mm:ss` in the zone. */
  format(instant: Instant): string
  /** The day in the zone on which the instant falls. */
  dayOf(instant: Instant): Day
  /** The first instant of a day. */
  startOf(day: Day): Instant
  /** The last millisecond of a day. */
  endOf(day: Day): Instant
  /** The instant of a day and minute of that day, or null where a clock change skips it. */
  at(day: Day, minuteOfDay: number): Instant | null
  /**
   * Reads `yyyy-MM-dd HH:mm:ss`, or a plain `yyyy-MM-dd` as the start or the end of that day.
   * @throws Refusal `invalid_request` naming `path` when there is no such date or local time.
   */
  read(text: string, path: string, plainDate?: 'start' | 'end'): Instant
}

/** The day `count` days after another. */
export const addDays = (day: Day, count: number): Day =>
  new Date(Date.parse(`${day}T00:00:00Z`) + count * DAY_MS).toISOString().slice(0, 10)

/** 1 for Monday to 7 for Sunday. */
export const weekdayOf = (day: Day): number => new Date(`${day}T00:00:00Z`).getUTCDay() || 7

const FIRST_DAY: Day = '1800-01-01'
const LAST_DAY: Day = '2999-12-31'

const DAY = /^\d{4}-\d{2}-\d{2}$/

function isOfTheCalendar(text: string): boolean {
  if (!DAY.test(text)) return false
  const parsed = new Date(`${text}T00:00:00Z`)
  return !Number.isNaN(parsed.getTime()) && parsed.toISOString().slice(0, 10) === text
}

/** Whether the text is a `yyyy-MM-dd` that the calendar has, from the year 1800 to 2999. */
export const isDay = (text: string): boolean => text >= FIRST_DAY && text <= LAST_DAY && isOfTheCalendar(text)

/** What is said of a text that is no day: that there is none, or that it lies beyond those that are read. */
export const noDay = (text: string, none = 'must be a date that exists'): string =>
  isOfTheCalendar(text) ? `must be from ${FIRST_DAY} to ${LAST_DAY}` : none

/** @throws RangeError for a zone this machine does not know. */
export function createCalendar(zone: string): Calendar {
  const offsets = new Map<number, number>()
  const formatted = new Map<number, string>()

  function offsetFrom(start: Instant): number {
    let offset = offsets.get(start)
    if (offset === undefined) {
      offset = dayjs(start).tz(zone).utcOffset() * MINUTE_MS
      if (offsets.size > 50_000) offsets.clear()
      offsets.set(start, offset)
    }
    return offset
  }

  /** Milliseconds that local time is ahead of UTC at the instant. */
  function offsetAt(instant: Instant): number {
    const day = instant - modulo(instant, DAY_MS)
    const offset = offsetFrom(day)
    // no zone changes its clock and changes it back within a day, so one that ends as it begins is all alike
    if (offset === offsetFrom(day + DAY_MS)) return offset
    return offsetFrom(instant - modulo(instant, QUARTER_MS))
  }

  function format(instant: Instant): string {
    const second = Math.floor(instant / 1000)
    let text = formatted.get(second)
    if (text === undefined) {
      const local = new Date(instant + offsetAt(instant)).toISOString()
      text = `${local.slice(0, 10)} ${local.slice(11, 19)}`
      if (formatted.size >= FORMATTED_MAX) formatted.clear()
      formatted.set(second, text)
    }
    return text
  }

  /** The earliest instant that shows this local time, or null where a clock change skips it. */
  function fromLocal(localMs: number): Instant | null {
    const candidates = [offsetAt(localMs - DAY_MS), offsetAt(localMs + DAY_MS)]
      .map((offset) => localMs - offset)
      .filter((instant) => instant + offsetAt(instant) === localMs)
    return candidates.length > 0 ? Math.min(...candidates) : null
  }

  /** The first instant of a day: midnight, or where a clock change skips midnight, the moment after it. */
  function startOf(day: Day): Instant {
    const midnight = Date.parse(`${day}T00:00:00Z`)
    for (let minute = 0; ; minute += 15) {
      const instant = fromLocal(midnight + minute * MINUTE_MS)
      if (instant !== null) return instant
    }
  }

  const endOf = (day: Day) => startOf(addDays(day, 1)) - 1

  dayjs(0).tz(zone)
  return {
    zone,
    format,
    dayOf: (instant) => format(instant).slice(0, 10),
    startOf,
    endOf,
    at: (day, minuteOfDay) => fromLocal(Date.parse(`${day}T00:00:00Z`) + minuteOfDay * MINUTE_MS),
    read(text, path, plainDate = 'start') {
      if (isDay(text)) return plainDate === 'start' ? startOf(text) : endOf(text)
      const clock = /^(\d{4}-\d{2}-\d{2}) ([01]\d|2[0-3]):([0-5]\d):([0-5]\d)$/.exec(text)
      const day = clock?.[1] ?? text
      if (!clock || !isDay(day)) throw invalidField(path, DAY.test(day) ? noDay(day) : notDateTime)
      const instant = fromLocal(Date.parse(`${clock[1]}T${clock[2]}:${clock[3]}:${clock[4]}Z`))
      if (instant === null) throw invalidField(path, 'must be a local time that exists; a clock change skips this one')
      return instant
    },
  }
}
