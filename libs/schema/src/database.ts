import type { SqliteRemoteDatabase } from 'drizzle-orm/sqlite-proxy'
import type { Statement, Written } from './statement'

/** The database as services see it: the same for a file and for a libSQL server. */
export interface Database {
  /**
   * Rows of one statement, keyed by column.
   * @throws DatabaseFault
   */
  read<Row = Record<string, unknown>>(sql: string, args?: unknown[]): Promise<Row[]>
  /** Several reads of one moment, in one round trip. */
  readAll(statements: Statement[]): Promise<Record<string, unknown>[][]>
  /** Builds typed queries. Selects run as they are awaited; anything that writes is handed to `write`. */
  query: SqliteRemoteDatabase
  /**
   * Does all of the statements or none, durably once it resolves, in the order of the calls.
   * @throws DatabaseFault
   */
  write(statements: Statement[]): Promise<Written[]>
  close(): Promise<void>
}
