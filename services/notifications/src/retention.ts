import { DAY_MS, type Instant } from '@channelling/contract'
import { described, type Log } from '@channelling/http'
import { type Database, pause, whileLeased } from '@channelling/schema'
import { forgetEvents } from '@channelling/schema/outbox'
import { stretchBefore } from './store/outbox'

const EVERY_MS = 60 * 60 * 1000
/** Events looked at in one write, and the pause after it in which bookings go first. */
const BATCH = 500
const PAUSE_MS = 20

export interface RetentionOptions {
  database: Database
  clock: () => Instant
  /** How long an event can be resumed from; 0 is for ever. */
  days: number
  log: Log
}

/**
 * Clears the outbox of what happened before an instant, in its order and a little at a time. The stream begins later with each write, so
 * that nobody resumes where something is missing.
 */
export async function clearBefore(
  database: Pick<Database, 'read' | 'write'>,
  before: Instant,
  { goesOn = () => true, pauseMs = PAUSE_MS }: { goesOn?: () => boolean; pauseMs?: number } = {},
): Promise<void> {
  let after = 0
  while (goesOn()) {
    const { upTo, whole } = await stretchBefore(database, { after, limit: BATCH, before })
    if (upTo <= after) return
    await database.write(forgetEvents({ after, upTo, before }))
    if (!whole) return
    after = upTo
    await Bun.sleep(pauseMs)
  }
}

/** Clears what is too old once at the start and then every hour, in one process of several. */
export function startRetention({ database, clock, days, log }: RetentionOptions): { close(): Promise<void> } {
  if (days === 0) return { close: async () => {} }

  return whileLeased(database, 'notifications.retention', async (held) => {
    while (held.isHeld()) {
      await clearBefore(database, clock() - days * DAY_MS, { goesOn: held.isHeld }).catch((error) =>
        log.error(described(error), 'old events could not be cleared; trying again later'),
      )
      await pause(EVERY_MS, held.signal)
    }
  })
}
