import { addDays, type Calendar, type Instant } from '@channelling/contract'
import type { Database, Statement } from '@channelling/schema'
import { sittingOn } from '../rules/publishing'
import { type NewSession, readSessionKeys, saveSessions, sessionKey } from '../store/saving'
import type { ScheduleEntry } from '../store/whole-catalogue'

/** How many sessions go into one statement. */
const CHUNK = 5_000
const TELL_EVERY = 10_000

export interface Publication {
  /** Each says by its changes how many it published: fewer than it was given where some are of what was retired meanwhile. */
  sessions: Statement[]
  /** Of the sessions, to be written after them. */
  events: Statement[]
  /** How many are to be published. */
  missing: number
  /** There already, and never altered. */
  unchanged: number
}

/**
 * The sessions that schedules give the coming days, today among them, and that are not there yet. What is over already is
 * not published any more. It gives way to other work after each day.
 */
export async function sessionsToPublish(
  { database, calendar, currency }: { database: Database; calendar: Calendar; currency: string },
  schedules: ScheduleEntry[],
  days: number,
  now: Instant,
  onProgress: (line: string) => void,
): Promise<Publication> {
  const today = calendar.dayOf(now)
  const missing: NewSession[] = []
  let unchanged = 0
  let told = 0
  for (let ahead = 0; ahead < days; ahead++) {
    const day = addDays(today, ahead)
    const there = await readSessionKeys(database, calendar.startOf(day), calendar.endOf(day))
    for (const schedule of schedules) {
      const sitting = sittingOn(schedule, day, calendar)
      if (sitting === null || sitting.endsAt <= now) continue
      const { consultant, hospital, weekday, startMinute } = schedule
      if (there.has(sessionKey(consultant, hospital, sitting.startsAt))) unchanged++
      else missing.push([consultant, hospital, weekday, startMinute, sitting.startsAt, sitting.endsAt])
    }
    if (missing.length - told >= TELL_EVERY) {
      told = missing.length
      onProgress(`${told} new sessions up to ${day}`)
    }
    await new Promise((resolve) => setImmediate(resolve))
  }
  const statements = []
  for (let from = 0; from < missing.length; from += CHUNK) {
    statements.push(saveSessions(missing.slice(from, from + CHUNK), currency, now))
  }
  return {
    sessions: statements.map(({ sessions }) => sessions),
    events: statements.map(({ events }) => events),
    missing: missing.length,
    unchanged,
  }
}
