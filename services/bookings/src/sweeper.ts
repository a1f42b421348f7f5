import { DAY_MS, type Instant } from '@channelling/contract'
import { described, type Log } from '@channelling/http'
import { type Database, type Held, whileLeased } from '@channelling/schema'
import type { BookingReads } from './store/reads'

const EVERY_MS = 1000
/** How long the answers to Idempotency-Keys are kept. */
const ANSWERS_KEPT_MS = 2 * DAY_MS
const ANSWERS_FORGOTTEN_AT_ONCE = 1000

export interface SweeperOptions {
  database: Database
  reads: BookingReads
  sweep: (sessionId: number) => Promise<void>
  clock: () => Instant
  log: Log
}

/**
 * Records what time alone brings about: holds that ran out, and answers kept long enough. Nothing depends on it being prompt:
 * whoever reads or decides judges a hold by the clock. Of several processes one does it, to spare the others the work; two would do
 * no harm, since a sweep is decided like any other command.
 */
export function startSweeper(options: SweeperOptions): { close(): Promise<void> } {
  return whileLeased(options.database, 'bookings.sweeper', (held) => sweepWhile(held, options))
}

async function sweepWhile(
  { ended, isHeld }: Held,
  { database, reads, sweep, clock, log }: SweeperOptions,
): Promise<void> {
  let round: Promise<void> = Promise.resolve()
  let resting = true

  async function once(): Promise<void> {
    resting = false
    try {
      const now = clock()
      await Promise.all((await reads.sessionsToSweep(now)).map(sweep))
      const [old] = await database.read('SELECT 1 FROM answer WHERE created_at < ? LIMIT 1', [now - ANSWERS_KEPT_MS])
      if (old) {
        await database.write([
          {
            sql: 'DELETE FROM answer WHERE rowid IN (SELECT rowid FROM answer WHERE created_at < ? LIMIT ?)',
            args: [now - ANSWERS_KEPT_MS, ANSWERS_FORGOTTEN_AT_ONCE],
          },
        ])
      }
    } catch (error) {
      log.warn(described(error), 'a sweep failed; the next one tries again')
    } finally {
      resting = true
    }
  }

  const timer = setInterval(() => {
    if (resting && isHeld()) round = once()
  }, EVERY_MS)
  await ended
  clearInterval(timer)
  await round
}
