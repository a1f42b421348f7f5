import { sql } from 'drizzle-orm'
import { check, index, integer, primaryKey, sqliteTable, text } from 'drizzle-orm/sqlite-core'
import { flag, instant } from './columns'

/** An application that integrates with the hospital. */
export const client = sqliteTable(
  'client',
  {
    id: integer('id').primaryKey({ autoIncrement: true }),
    name: text('name').notNull().unique(),
    contact: text('contact'),
    access: text('access').notNull(),
    createdAt: instant('created_at').notNull(),
    disabledAt: instant('disabled_at'),
  },
  () => [check('client_access', sql`access IN ('own', 'all')`)],
)

/** A Finance key. Of the key itself only the hash, the prefix and the last four characters are kept. */
export const apiKey = sqliteTable(
  'api_key',
  {
    id: integer('id').primaryKey({ autoIncrement: true }),
    clientId: integer('client_id')
      .notNull()
      .references(() => client.id),
    /** SHA-256 of the whole key, hexadecimal. */
    hash: text('hash').notNull().unique(),
    prefix: text('prefix').notNull(),
    last4: text('last4').notNull(),
    /** JSON array. */
    scopes: text('scopes').notNull(),
    createdAt: instant('created_at').notNull(),
    /** The first instant at which it no longer works. */
    expiresAt: instant('expires_at').notNull(),
    active: flag('active').notNull(),
    /** The first instant at which it is retired; ahead of now while a rotation overlaps. */
    retiredAt: instant('retired_at'),
    lastUsedAt: instant('last_used_at'),
  },
  (table) => [
    index('api_key_by_client').on(table.clientId),
    check('api_key_active', sql`active IN (0, 1)`),
    check('api_key_scopes', sql`json_type(scopes) = 'array'`),
  ],
)

/** How many requests each key made on each day of the hospital's zone. */
export const keyUsage = sqliteTable(
  'key_usage',
  {
    keyId: integer('key_id')
      .notNull()
      .references(() => apiKey.id),
    /** `yyyy-MM-dd` */
    day: text('day').notNull(),
    requests: integer('requests').notNull(),
  },
  (table) => [
    primaryKey({ columns: [table.keyId, table.day] }),
    check('key_usage_requests', sql`requests >= 0`),
    check('key_usage_day', sql`day GLOB '[0-9][0-9][0-9][0-9]-[0-9][0-9]-[0-9][0-9]'`),
  ],
)

/** Every administrative act: who did what to what, when and from where. */
export const audit = sqliteTable(
  'audit',
  {
    id: integer('id').primaryKey({ autoIncrement: true }),
    at: instant('at').notNull(),
    /** The client and key that acted; null for the command line. */
    clientId: integer('client_id'),
    keyId: integer('key_id'),
    action: text('action').notNull(),
    /** `client 3`, `key 12`. */
    subject: text('subject').notNull(),
    /** An address, or `command line`. */
    origin: text('origin').notNull(),
  },
  (table) => [index('audit_by_time').on(table.at)],
)
