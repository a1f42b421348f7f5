import { integer, sqliteTable, text } from 'drizzle-orm/sqlite-core'
import type { Statement } from '../statements/statement'
import { instant } from './columns'

/**
 * Who does the work that only one process does at a time. A row is never deleted; a lease that was given up has ended long ago.
 */
export const lease = sqliteTable('lease', {
  name: text('name').primaryKey(),
  /** Drawn by chance by whoever wants to hold it. */
  holder: text('holder').notNull(),
  /** When it ends unless it is renewed, by the clock of the database: those of the processes need not agree. */
  until: instant('until').notNull(),
  /** Raised each time it is taken, so that what an earlier holder still has under way can be told from what the present one does. */
  term: integer('term').notNull(),
})

/** How long a lease lasts without being renewed: after a crash of its holder the work rests that long, and up to a second more. */
export const LEASE_MS = 3000

/** The database's clock, in UTC milliseconds. */
const now = "CAST(unixepoch('subsec') * 1000 AS INTEGER)"

/** One that would last far longer than any does was taken while the clock was ahead: its holder may be dead, and nobody waits for its end. */
const hasEnded = `(until <= ${now} OR until > ${now} + ${2 * LEASE_MS})`

/** Takes a lease that has ended, or renews it for its holder; gives the `term` where it did. */
export const takeLease = (name: string, holder: string): Statement => ({
  sql: `INSERT INTO lease (name, holder, until, term) VALUES (?, ?, ${now} + ${LEASE_MS}, 1)
    ON CONFLICT (name) DO UPDATE
      SET holder = excluded.holder, until = excluded.until, term = term + (holder <> excluded.holder OR ${hasEnded})
      WHERE holder = excluded.holder OR ${hasEnded}
    RETURNING term`,
  args: [name, holder],
})

/** Whether a lease could be taken: `free` is 0 or 1, and there is no row where nobody ever held it. */
export const readLease = (name: string) => ({
  sql: `SELECT ${hasEnded} AS free FROM lease WHERE name = ?`,
  args: [name],
})

/** Ends a lease now, if this is still its holder. */
export const giveUpLease = (name: string, holder: string): Statement => ({
  sql: 'UPDATE lease SET until = 0 WHERE name = ? AND holder = ?',
  args: [name, holder],
})

/** Undoes the write that it is part of, unless the lease is still held by this holder in this term: NULL is no holder. */
export const requireLease = (name: string, holder: string, term: number): Statement => ({
  sql: 'UPDATE lease SET holder = CASE WHEN holder = ? AND term = ? THEN holder END WHERE name = ?',
  args: [holder, term, name],
})
