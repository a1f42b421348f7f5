import type { Instant } from '@channelling/contract'
import { type Database, insertInto, type Statement, withRows } from '@channelling/schema'
import { appendEvents } from '@channelling/schema/outbox'
import type { Booking } from '../rules/booking'
import { isOpen } from '../rules/lifecycle'
import type { World } from '../rules/world'
import { bookingColumns } from './rows'

/**
 * Seats by compare-and-set: a row whose version moved on since it was read gets NULL for it, which the column refuses, so that
 * the whole write is undone.
 */
const saveSeats = withRows(
  5,
  (values) => `UPDATE seat SET
    taken = j.column2,
    next_number = j.column3,
    released = j.column4,
    version = CASE WHEN seat.version = j.column5 THEN seat.version + 1 END
  FROM (${values}) j WHERE seat.session_id = j.column1`,
)

const saveUpdated = `UPDATE booking SET
    session_id = j.value ->> 'sessionId',
    number = j.value ->> 'number',
    status = j.value ->> 'status',
    payment_method = j.value ->> 'paymentMethod',
    payment_reference = j.value ->> 'paymentReference',
    paid = j.value ->> 'paid',
    doctor_fee = j.value ->> 'doctorFee',
    hospital_fee = j.value ->> 'hospitalFee',
    currency = j.value ->> 'currency',
    expires_at = j.value ->> 'expiresAt',
    cancelled_at = j.value ->> 'cancelledAt',
    cancel_reason = j.value ->> 'cancelReason'
  FROM json_each(?) j WHERE booking.id = j.value ->> 'id'`

const saveClock = 'UPDATE booking_clock SET latest = max(latest, ?) WHERE one = 1'

/** Whole, since a later command of the group may have changed what an earlier one made. */
const insertBookings = insertInto('booking', Object.values(bookingColumns))

const bookingFields = Object.keys(bookingColumns) as (keyof Booking)[]
const rowOf = (booking: Booking): unknown[] => bookingFields.map((field) => booking[field])

const insertAnswers = insertInto('answer', ['client_id', 'key', 'fingerprint', 'outcome', 'created_at'])

/** The one write of a group: seats, bookings, events and answers together. Empty where nothing changed. */
export function save(to: Pick<Database, 'shared'>, { sessions, bookings, changes }: World, now: Instant): Statement[] {
  const seats = [...changes.seats].map(([sessionId, readAt]) => {
    const { taken, nextNumber, released } = sessions.get(sessionId)!.seats
    return [sessionId, taken, nextNumber, JSON.stringify(released), readAt]
  })
  const bookingsOf = (ids: Set<number>) => [...ids].map((id) => bookings.get(id)!)
  const setBased = (sql: string, rows: unknown[]) => (rows.length > 0 ? [{ sql, args: [JSON.stringify(rows)] }] : [])
  const updated = bookingsOf(changes.updated)
  const written = [
    ...saveSeats(seats, to),
    // SQLite takes the rows of one UPDATE in the order of their ids: who gives a number back goes before whoever is given it
    ...setBased(
      saveUpdated,
      updated.filter((booking) => !isOpen(booking)),
    ),
    ...setBased(saveUpdated, updated.filter(isOpen)),
    ...insertBookings(bookingsOf(changes.created).map(rowOf), to),
    ...insertAnswers(
      changes.answers.map(({ clientId, key, fingerprint, outcome }) => [clientId, key, fingerprint, outcome, now]),
      to,
    ),
    ...appendEvents(changes.events, to),
  ]
  if (written.length > 0) written.push({ sql: saveClock, args: [now] })
  return written
}
