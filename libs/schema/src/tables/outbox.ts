import type { EventType, NewEvent } from '@channelling/contract'
import { sql } from 'drizzle-orm'
import { check, index, integer, sqliteTable, text } from 'drizzle-orm/sqlite-core'
import type { Database } from '../database'
import { insertInto } from '../statements/rows'
import type { Statement, Value } from '../statements/statement'
import { instant } from './columns'

/**
 * Everything that happened, in commit order: the truth that notifications read and each booking's history. Whoever
 * changes a booking or a session appends to it in the same write; nothing updates it. It keeps no foreign keys, so that
 * what happened outlives what it happened to.
 */
export const event = sqliteTable(
  'event',
  {
    seq: integer('seq').primaryKey({ autoIncrement: true }),
    type: text('type').notNull(),
    sessionId: integer('session_id').notNull(),
    bookingId: integer('booking_id'),
    clientId: integer('client_id'),
    /** JSON, see `EventPayload`: ids, numbers and states, no personal data. */
    payload: text('payload').notNull(),
    at: instant('at').notNull(),
  },
  (table) => [index('event_by_booking').on(table.bookingId)],
)

/**
 * What a subscriber has to know of the outbox as a whole to resume in it: one row, made with the table.
 */
export const eventStream = sqliteTable(
  'event_stream',
  {
    one: integer('one').primaryKey(),
    /** A random id. A database that was put back to an earlier state gets another one, since it gives the same `seq` anew. */
    epoch: text('epoch').notNull(),
    /** From here on every event is kept; of earlier ones only those that a booking's history still needs. */
    lowestSeq: integer('lowest_seq').notNull(),
  },
  () => [check('event_stream_one', sql`one = 1`), check('event_stream_lowest_seq', sql`lowest_seq >= 1`)],
)

/**
 * Makes a position in the stream of before unusable. It goes into the write that ends putting a database back to an earlier
 * state, before anything else happens in it.
 */
export const newEpoch: Statement = {
  sql: 'UPDATE event_stream SET epoch = lower(hex(randomblob(8))) WHERE one = 1',
  args: [],
}

const insertEvents = insertInto('event', ['type', 'session_id', 'booking_id', 'client_id', 'payload', 'at'])

/** Appends events in the order given. The statements go into the very write that does what they tell of. */
export const appendEvents = (events: NewEvent[], to?: Pick<Database, 'shared'>): Statement[] =>
  insertEvents(
    events.map(({ type, sessionId, bookingId, clientId, payload, at }) => [
      type,
      sessionId,
      bookingId,
      clientId,
      JSON.stringify(payload),
      at,
    ]),
    to,
  )

/**
 * Appends one event of a type for each session that a query finds, in the order of their ids: for sessions whose ids the
 * database gives, and for changes that happen only where a condition still holds. It goes into the very write as well.
 * @param sessions a SELECT of `id`
 */
export const appendEventsOfSessions = (
  type: EventType,
  sessions: { sql: string; args: Value[] },
  { clientId, at, payload = {} }: Pick<NewEvent, 'clientId' | 'at'> & Partial<Pick<NewEvent, 'payload'>>,
): Statement => ({
  sql: `INSERT INTO event (type, session_id, client_id, payload, at)
    SELECT ?, id, ?, ?, ? FROM (${sessions.sql}) ORDER BY id`,
  args: [type, clientId, JSON.stringify(payload), at, ...sessions.args],
})

/**
 * Clears a stretch of the outbox, and says that the stream begins after it. Of bookings it keeps what their histories still need: until
 * the booking's session has ended before `before`.
 * @param stretch events with `after` < seq ≤ `upTo`, all of them older than `before`
 */
export const forgetEvents = ({ after, upTo, before }: { after: number; upTo: number; before: number }): Statement[] => [
  {
    sql: `DELETE FROM event WHERE seq > ? AND seq <= ? AND NOT EXISTS (
        SELECT 1 FROM booking b JOIN session s ON s.id = b.session_id WHERE b.id = event.booking_id AND s.ends_at >= ?)`,
    args: [after, upTo, before],
  },
  { sql: 'UPDATE event_stream SET lowest_seq = max(lowest_seq, ?) WHERE one = 1', args: [upTo + 1] },
]
