import type { SqliteRemoteDatabase } from 'drizzle-orm/sqlite-proxy'
import type { DatabaseFault } from './faults'
import { oneAtATime, within } from './question'
import type { Statement, Written } from './statements/statement'

/** A write whose turn comes later than this is not begun: whoever asked for it has gone. */
export const TURN_MS_MAX = 10_000

/** A database that has not answered by then cannot be said to. */
const READY_MS_MAX = 2_000

export interface WriteOptions {
  /** An earlier write that need not have resolved: without it this one is not done either, `SQLITE_ABORT`. */
  after?: Promise<Written[]>
  /**
   * How soon its turn must come, in milliseconds from now, at most and by default 10 000. Later it is not done: `SQLITE_BUSY_TIMEOUT`.
   * Once it is on its way to the disk, or to a server, nothing takes it back.
   */
  withinMs?: number
}

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
   * @throws DatabaseFault, with the Refusal that it means to callers as its `cause` where others keep it out or nothing answers; or Refusal `service_unavailable` once a disk fault ended all writing, see `failure`
   */
  write(statements: Statement[], options?: WriteOptions): Promise<Written[]>
  /** Whether other processes may have it open too: a server, and not a file. */
  readonly shared: boolean
  /** The disk fault after which nothing is written any more; null while all is well. */
  failure(): DatabaseFault | null
  close(): Promise<void>
}

/** Whether a service that stands on this database can do its work: the database answers, soon, and it can be written. */
export function readiness(database: Pick<Database, 'read' | 'failure'>): () => Promise<{ database: boolean }> {
  const answers = oneAtATime(() =>
    database.read('SELECT 1').then(
      () => true,
      () => false,
    ),
  )
  return async () => ({ database: (await within(READY_MS_MAX, answers(), false)) && database.failure() === null })
}
