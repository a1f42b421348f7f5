import { sql } from 'drizzle-orm'
import { check, index, integer, sqliteTable, text } from 'drizzle-orm/sqlite-core'
import { client } from './access'
import { instant } from './columns'

/** A one-use pass to the socket, for browsers, which cannot send the `Finance` header with a WebSocket. */
export const ticket = sqliteTable(
  'ticket',
  {
    /** SHA-256 of the ticket, hexadecimal. */
    hash: text('hash').primaryKey(),
    clientId: integer('client_id')
      .notNull()
      .references(() => client.id),
    keyId: integer('key_id').notNull(),
    /** JSON array. */
    scopes: text('scopes').notNull(),
    access: text('access').notNull(),
    expiresAt: instant('expires_at').notNull(),
  },
  (table) => [index('ticket_by_expiry').on(table.expiresAt)],
)

/** A receiver that a client registered: what it is told of, and how far it has been told. */
export const webhook = sqliteTable(
  'webhook',
  {
    id: integer('id').primaryKey({ autoIncrement: true }),
    clientId: integer('client_id')
      .notNull()
      .references(() => client.id),
    url: text('url').notNull(),
    description: text('description'),
    /** JSON arrays of what it asked for; null: all. */
    sessionIds: text('session_ids'),
    consultantIds: text('consultant_ids'),
    types: text('types'),
    /** `whsec_…`, as it is: messages are signed with it. */
    secret: text('secret').notNull(),
    /** Signs beside the present one until `previous_until`. */
    previousSecret: text('previous_secret'),
    previousUntil: instant('previous_until'),
    /** The stream that `cursor` belongs to. */
    epoch: text('epoch').notNull(),
    /** The `seq` up to which every event that it asked for has been made a delivery. */
    cursor: integer('cursor').notNull(),
    /** How often it was asked to go back: what was read beyond `cursor` before counts no more. */
    replays: integer('replays').notNull().default(0),
    createdAt: instant('created_at').notNull(),
    pausedAt: instant('paused_at'),
    pauseReason: text('pause_reason'),
    /** Since when nothing but failures came of it; null while all is well. */
    failingSince: instant('failing_since'),
    /** It is gone for whoever asks; its deliveries are swept out, and then it. */
    deletedAt: instant('deleted_at'),
  },
  (table) => [
    index('webhook_by_client').on(table.clientId),
    check('webhook_paused', sql`(paused_at IS NULL) = (pause_reason IS NULL)`),
    check('webhook_pause_reason', sql`pause_reason IN ('asked', 'gone', 'failing')`),
    check('webhook_rotation', sql`(previous_secret IS NULL) = (previous_until IS NULL)`),
    check('webhook_cursor', sql`cursor >= 0`),
  ],
)

/** One message to one receiver: first what is yet to be done, then, for a month, what came of it. */
export const webhookDelivery = sqliteTable(
  'webhook_delivery',
  {
    id: integer('id').primaryKey({ autoIncrement: true }),
    webhookId: integer('webhook_id')
      .notNull()
      .references(() => webhook.id),
    /** `webhook-id`: `<epoch>:<seq>` of the event, so that whoever gets it twice can tell. */
    messageId: text('message_id').notNull(),
    /** Of the event; null for what is told of the webhook itself. */
    seq: integer('seq'),
    type: text('type').notNull(),
    /** Deliveries of one session go out in the order of their ids; 0 is what concerns the webhook itself. */
    sessionId: integer('session_id').notNull(),
    /** The JSON text that is sent; null once nothing is to be sent any more. */
    message: text('message'),
    status: text('status').notNull(),
    /** How often it was tried. */
    attempts: integer('attempts').notNull().default(0),
    /** How many failures in a row the next wait is for, and since when; begun anew when a paused webhook goes on. */
    failures: integer('failures').notNull().default(0),
    failingSince: instant('failing_since'),
    createdAt: instant('created_at').notNull(),
    /** When it is tried next; null while an earlier one of its session is, and once it is done. */
    nextAt: instant('next_at'),
    /** Of the last attempt: when, what was answered or why nothing was, and how long it took, in milliseconds. */
    lastAt: instant('last_at'),
    httpStatus: integer('http_status'),
    failure: text('failure'),
    durationMs: integer('duration_ms'),
  },
  (table) => [
    index('webhook_delivery_by_webhook').on(table.webhookId, table.status),
    index('webhook_delivery_waiting').on(table.webhookId, table.sessionId).where(sql`status = 'waiting'`),
    index('webhook_delivery_due').on(table.nextAt).where(sql`next_at IS NOT NULL`),
    index('webhook_delivery_by_age').on(table.createdAt).where(sql`status <> 'waiting'`),
    check('webhook_delivery_status', sql`status IN ('waiting', 'delivered', 'failed')`),
    check('webhook_delivery_message', sql`(status = 'waiting') = (message IS NOT NULL)`),
    check('webhook_delivery_next', sql`next_at IS NULL OR status = 'waiting'`),
    check('webhook_delivery_counts', sql`attempts >= 0 AND failures >= 0`),
  ],
)
