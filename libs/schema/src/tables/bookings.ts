import { sql } from 'drizzle-orm'
import { check, index, integer, primaryKey, sqliteTable, text, uniqueIndex } from 'drizzle-orm/sqlite-core'
import { client } from './access'
import { session } from './catalogue'
import { cents, flag, instant } from './columns'
import { patient } from './patients'

/**
 * The places of a session. Triggers on `session` create its row and carry its capacity over, so that a capacity below
 * what is taken violates the CHECK whoever asks for it. Every change to a booking of the session raises `version`.
 */
export const seat = sqliteTable(
  'seat',
  {
    sessionId: integer('session_id')
      .primaryKey()
      .references(() => session.id),
    /** 0: unlimited. */
    capacity: integer('capacity').notNull(),
    /** Live bookings, held ones included. */
    taken: integer('taken').notNull().default(0),
    /** The lowest number never given yet, reserved numbers passed over. */
    nextNumber: integer('next_number').notNull(),
    /** JSON array, ascending, of numbers given back; all below `next_number`. */
    released: text('released').notNull().default('[]'),
    version: integer('version').notNull().default(0),
  },
  () => [
    check('seat_taken', sql`taken >= 0 AND (capacity = 0 OR taken <= capacity)`),
    check('seat_released', sql`json_type(released) = 'array'`),
  ],
)

export const booking = sqliteTable(
  'booking',
  {
    id: integer('id').primaryKey(),
    sessionId: integer('session_id')
      .notNull()
      .references(() => session.id),
    number: integer('number').notNull(),
    status: text('status').notNull(),
    patientId: integer('patient_id')
      .notNull()
      .references(() => patient.id),
    clientId: integer('client_id')
      .notNull()
      .references(() => client.id),
    paymentMethod: text('payment_method').notNull(),
    paymentReference: text('payment_reference'),
    paid: flag('paid').notNull(),
    foreigner: flag('foreigner').notNull(),
    doctorFee: cents('doctor_fee').notNull(),
    hospitalFee: cents('hospital_fee').notNull(),
    currency: text('currency').notNull(),
    /** The client's own number for it. */
    reference: text('reference'),
    itemId: integer('item_id'),
    createdAt: instant('created_at').notNull(),
    /** The first instant at which a held place is no longer kept. */
    expiresAt: instant('expires_at'),
    cancelledAt: instant('cancelled_at'),
    cancelReason: text('cancel_reason'),
  },
  (table) => [
    uniqueIndex('booking_number')
      .on(table.sessionId, table.number)
      .where(sql`status IN ('PENDING', 'ACTIVE', 'COMPLETED', 'ABSENT')`),
    uniqueIndex('booking_reference').on(table.clientId, table.reference).where(sql`reference IS NOT NULL`),
    // an index ends with the id of the row anyway: naming it would only make every entry larger
    index('booking_by_patient').on(table.patientId, table.createdAt),
    index('booking_by_expiry').on(table.expiresAt).where(sql`status = 'PENDING'`),
    index('booking_held').on(table.sessionId, table.expiresAt).where(sql`status = 'PENDING'`),
    index('booking_by_holder').on(table.clientId, table.sessionId, table.expiresAt).where(sql`status = 'PENDING'`),
    check(
      'booking_status',
      sql`status IN ('PENDING', 'ACTIVE', 'COMPLETED', 'ABSENT', 'PATIENT_CANCELED', 'DOCTOR_CANCELED', 'EXPIRED')`,
    ),
    check('booking_held', sql`(status = 'PENDING') <= (expires_at IS NOT NULL)`),
    check('booking_flags', sql`paid IN (0, 1) AND foreigner IN (0, 1)`),
    check('booking_amounts', sql`number >= 1 AND doctor_fee >= 0 AND hospital_fee >= 0`),
  ],
)

/** Booking ids are handed out in ranges, so that a group of bookings knows its ids before it is saved. One row. */
export const bookingSequence = sqliteTable(
  'booking_sequence',
  {
    one: integer('one').primaryKey(),
    next: integer('next').notNull(),
  },
  () => [check('booking_sequence_one', sql`one = 1`)],
)

/** The latest instant at which a booking was decided, so that a clock set back never makes time run twice. One row. */
export const bookingClock = sqliteTable(
  'booking_clock',
  {
    one: integer('one').primaryKey(),
    latest: instant('latest').notNull(),
  },
  () => [check('booking_clock_one', sql`one = 1`)],
)

/** The first answer to each Idempotency-Key, kept per client. */
export const answer = sqliteTable(
  'answer',
  {
    clientId: integer('client_id')
      .notNull()
      .references(() => client.id),
    key: text('key').notNull(),
    /** SHA-256 of method, path and body. */
    fingerprint: text('fingerprint').notNull(),
    /** JSON of what was answered. */
    outcome: text('outcome').notNull(),
    createdAt: instant('created_at').notNull(),
  },
  (table) => [primaryKey({ columns: [table.clientId, table.key] }), index('answer_by_age').on(table.createdAt)],
)
