import type { Instant } from '@channelling/contract'
import type { Statement } from '@channelling/schema'
import { appendEvents } from '@channelling/schema/outbox'
import type { World } from '../rules/world'

/**
 * Seats by compare-and-set: a row whose version moved on since it was read gets NULL for it, which the column refuses, so that
 * the whole write is undone.
 */
const saveSeats = `UPDATE seat SET
    taken = j.value ->> 'taken',
    next_number = j.value ->> 'nextNumber',
    released = j.value ->> 'released',
    version = CASE WHEN seat.version = j.value ->> 'readAt' THEN seat.version + 1 END
  FROM json_each(?) j WHERE seat.session_id = j.value ->> 'sessionId'`

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

const saveCreated = `INSERT INTO booking (id, session_id, number, status, patient_id, client_id, payment_method,
    payment_reference, paid, foreigner, doctor_fee, hospital_fee, currency, reference, item_id, created_at, expires_at,
    cancelled_at, cancel_reason)
  SELECT value ->> 'id', value ->> 'sessionId', value ->> 'number', value ->> 'status', value ->> 'patientId',
    value ->> 'clientId', value ->> 'paymentMethod', value ->> 'paymentReference', value ->> 'paid',
    value ->> 'foreigner', value ->> 'doctorFee', value ->> 'hospitalFee', value ->> 'currency', value ->> 'reference',
    value ->> 'itemId', value ->> 'createdAt', value ->> 'expiresAt', value ->> 'cancelledAt', value ->> 'cancelReason'
  FROM json_each(?)`

const saveAnswers = `INSERT INTO answer (client_id, key, fingerprint, outcome, created_at)
  SELECT value ->> 'clientId', value ->> 'key', value ->> 'fingerprint', value ->> 'outcome', value ->> 'createdAt'
  FROM json_each(?)`

/** The one write of a group: seats, bookings, events and answers together. Empty where nothing changed. */
export function save({ sessions, bookings, changes }: World, now: Instant): Statement[] {
  const seats = [...changes.seats].map(([sessionId, readAt]) => {
    const { taken, nextNumber, released } = sessions.get(sessionId)!.seats
    return { sessionId, readAt, taken, nextNumber, released }
  })
  const rows = (ids: Set<number>) => [...ids].map((id) => bookings.get(id)!)
  const statements: [sql: string, rows: unknown[]][] = [
    [saveSeats, seats],
    [saveUpdated, rows(changes.updated)],
    [saveCreated, rows(changes.created)],
    [saveAnswers, changes.answers.map((answer) => ({ ...answer, createdAt: now }))],
  ]
  const wanted = statements
    .filter(([, { length }]) => length > 0)
    .map(([sql, values]) => ({ sql, args: [JSON.stringify(values)] }))
  return changes.events.length > 0 ? [...wanted, appendEvents(changes.events)] : wanted
}
