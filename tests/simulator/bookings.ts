import { bookingReads, bookingView, createEngine, startSweeper } from '@channelling/bookings'
import { type Calendar, createClock } from '@channelling/contract'
import type { Log } from '@channelling/http'
import { latestInstant, overClient } from '@channelling/schema'
import type { DatabaseServer } from './database'

/** Holds last three seconds here, so that many run out within a run. */
export const HOLD_MINUTES = 0.05
const HOLDS_PER_CLIENT = 3

/** A replica of bookings, put together as the service itself is. */
export async function startBookings({
  server,
  calendar,
  log,
  hint,
}: {
  server: DatabaseServer
  calendar: Calendar
  log: Log
  hint: () => void
}) {
  const database = overClient(server.connect())
  const clock = createClock(await latestInstant(database))
  const engine = createEngine({
    database,
    clock,
    terms: { holdMinutes: HOLD_MINUTES, holdsPerClient: HOLDS_PER_CLIENT },
    view: bookingView(calendar),
    onCommit: hint,
  })
  const reads = bookingReads(database)
  const sweep = (sessionId: number) => engine.sweep({ kind: 'sweep', sessionId })
  const sweeper = startSweeper({ database, reads, sweep, clock, log })
  return {
    submit: engine.submit,
    async close() {
      await sweeper.close()
      await engine.close()
      await database.close()
    },
  }
}

export type Bookings = Awaited<ReturnType<typeof startBookings>>
