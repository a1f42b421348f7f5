import { index, integer, sqliteTable, text } from 'drizzle-orm/sqlite-core'
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
