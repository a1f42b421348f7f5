import type { EventType, NewEvent } from '@channelling/contract'
import { index, integer, sqliteTable, text } from 'drizzle-orm/sqlite-core'
import { instant } from './columns'
import { insertInto } from './rows'
import type { Statement, Value } from './statement'

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

const insertEvents = insertInto('event', ['type', 'session_id', 'booking_id', 'client_id', 'payload', 'at'])

/** Appends events in the order given. The statements go into the very write that does what they tell of. */
export const appendEvents = (events: NewEvent[]): Statement[] =>
  insertEvents(
    events.map(({ type, sessionId, bookingId, clientId, payload, at }) => [
      type,
      sessionId,
      bookingId,
      clientId,
      JSON.stringify(payload),
      at,
    ]),
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
