import type { Calendar, Instant } from '@channelling/contract'
import { identityOf, kit, type Log } from '@channelling/http'
import type { Database } from '@channelling/schema'
import { Elysia } from 'elysia'
import { bookingView } from './endpoints/booking'
import { bookingHistoryEndpoint } from './endpoints/booking-history'
import { cancelBookingEndpoint } from './endpoints/cancel-booking'
import { completeBookingEndpoint } from './endpoints/complete-booking'
import { patientBookingsEndpoint } from './endpoints/patient-bookings'
import { readBookingEndpoint } from './endpoints/read-booking'
import { rescheduleBookingEndpoint } from './endpoints/reschedule-booking'
import { reservePlaceEndpoint } from './endpoints/reserve-place'
import { createEngine } from './engine'
import { bookingReads } from './store/reads'
import { startSweeper } from './sweeper'

export interface BookingsDependencies {
  database: Database
  calendar: Calendar
  clock: () => Instant
  /** Shared with the gateway, which signs with it who calls. */
  secret: string
  holdMinutes: number
  log: Log
  /** A hint that the outbox has grown; losing it costs a moment, never an event. */
  onEvents: () => void
}

/** The bookings service: places, numbers and what becomes of them. */
export function createBookings({
  database,
  calendar,
  clock,
  secret,
  holdMinutes,
  log,
  onEvents,
}: BookingsDependencies) {
  const identity = identityOf(secret)
  const view = bookingView(calendar)
  const reads = bookingReads(database)
  const engine = createEngine({ database, clock, terms: { holdMinutes }, view, onEvents })
  const sweeper = startSweeper({
    database,
    reads,
    sweep: (sessionId) => engine.sweep({ kind: 'sweep', sessionId }),
    clock,
    log,
  })

  const app = new Elysia()
    .use(kit({ name: 'bookings', about: 'Book, hold, move and cancel places in sessions', log }))
    .use(reservePlaceEndpoint({ engine, identity }))
    .use(readBookingEndpoint({ reads, identity, view, clock }))
    .use(patientBookingsEndpoint({ reads, identity, view, clock }))
    .use(cancelBookingEndpoint({ engine, identity }))
    .use(rescheduleBookingEndpoint({ engine, identity }))
    .use(completeBookingEndpoint({ engine, identity }))
    .use(bookingHistoryEndpoint({ reads, identity, calendar }))

  return {
    app,
    async close() {
      await sweeper.close()
      await engine.close()
    },
  }
}
