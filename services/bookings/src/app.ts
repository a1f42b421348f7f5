import type { Calendar, Instant } from '@channelling/contract'
import { identityOf, kit, type Log } from '@channelling/http'
import { type Database, readiness } from '@channelling/schema'
import { Elysia } from 'elysia'
import { bookingView } from './endpoints/booking'
import { bookingHistoryEndpoint } from './endpoints/booking-history'
import { cancelBookingEndpoint } from './endpoints/cancel-booking'
import { completeBookingEndpoint } from './endpoints/complete-booking'
import { patientBookingsEndpoint } from './endpoints/patient-bookings'
import { readBookingEndpoint } from './endpoints/read-booking'
import { rescheduleBookingEndpoint } from './endpoints/reschedule-booking'
import { reservePlaceEndpoint } from './endpoints/reserve-place'
import { createEngine, type SavedGroup } from './engine'
import type { Kept } from './store/kept'
import { bookingReads } from './store/reads'
import { startSweeper } from './sweeper'

export interface BookingsDependencies {
  database: Database
  /** The same, for what is only shown: a replica may answer there. */
  lists?: Database
  calendar: Calendar
  clock: () => Instant
  /** Shared with the gateway, which signs with it who calls. */
  secret: string
  holdMinutes: number
  /** How many places one client may hold at a time; 0: any number. */
  holdsPerClient: number
  log: Log
  /** Told of the sessions whose bookings changed, after the commit and before anybody is answered. */
  onCommit: (sessionIds: Iterable<number>) => void
  /** Told of every group of commands that one write saved. */
  onSaved?: (group: SavedGroup) => void
  /** What it does without, for the moment, at a cost: by name. */
  degraded?: () => string[]
  /** Sessions and patients that need not be read, where every writer is in this process. */
  kept?: Kept
}

/** The bookings service: places, numbers and what becomes of them. */
export function createBookings({
  database,
  lists = database,
  calendar,
  clock,
  secret,
  holdMinutes,
  holdsPerClient,
  log,
  onCommit,
  onSaved,
  degraded,
  kept,
}: BookingsDependencies) {
  const identity = identityOf(secret)
  const view = bookingView(calendar)
  const reads = bookingReads(lists)
  const engine = createEngine({
    database,
    clock,
    terms: { holdMinutes, holdsPerClient },
    view,
    onCommit,
    onSaved,
    kept,
  })
  const sweeper = startSweeper({
    database,
    reads,
    sweep: (sessionId) => engine.sweep({ kind: 'sweep', sessionId }),
    clock,
    log,
  })

  const app = new Elysia()
    .use(
      kit({
        name: 'bookings',
        about: 'Book, hold, move and cancel places in sessions',
        log,
        ready: readiness(database),
        degraded,
      }),
    )
    .use(reservePlaceEndpoint({ engine, identity }))
    .use(readBookingEndpoint({ reads, identity, view, clock }))
    .use(patientBookingsEndpoint({ reads, identity, view, clock }))
    .use(cancelBookingEndpoint({ engine, identity }))
    .use(rescheduleBookingEndpoint({ engine, identity }))
    .use(completeBookingEndpoint({ engine, identity }))
    .use(bookingHistoryEndpoint({ reads, identity, calendar }))

  return {
    app,
    /** How many commands wait to be decided. */
    waiting: engine.waiting,
    async close() {
      await sweeper.close()
      await engine.close()
    },
  }
}
