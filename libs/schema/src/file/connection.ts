import Sqlite from 'libsql'
import { turnTooLate } from '../faults'
import type { PlainStatement, Written } from '../statements/statement'
import { sharedNow } from './shared-now'

/** What every connection to a data file has to answer, or the start stops. PRAGMAs belong to a connection, not to the file. */
const expected = {
  journal_mode: 'wal',
  synchronous: 2,
  foreign_keys: 1,
} as const

/** How long to wait for a connection of this process that is being closed: it locks the file for a moment, after a garbage collection. */
export const BUSY_MS = 1000
/** How long to wait for others once somebody waited in vain: whoever stands behind does not have to do it all over again. */
const STILL_BUSY_MS = 20

/**
 * How much of the file a connection keeps in memory, in KiB. The writer's is what a million bookings need of their indexes; what a reader
 * has is void with the next write, and the system has it too.
 */
const CACHE_KIB = { write: 65_536, read: 16_384 } as const

/** Statements kept prepared; far more than the program has, few enough to bound what built SQL could add. */
const PREPARED_MAX = 500

interface Prepared {
  statement: Sqlite.Statement<unknown[]>
  /** Names of the result columns; none where the statement gives no rows. */
  columns: string[]
}

/**
 * One connection to a data file. It speaks to the driver under the libSQL client, since that one keeps statements prepared:
 * preparing, and asking for the columns each time, costs five times what the reading does.
 */
export interface Connection {
  /** Rows keyed by column. */
  rows(statement: PlainStatement): Record<string, unknown>[]
  /** Rows as arrays, in the order of the columns. */
  arrays(statement: PlainStatement): unknown[][]
  /** Several reads of one moment. */
  rowsOfAll(statements: PlainStatement[]): Record<string, unknown>[][]
  /**
   * All of the statements, or none.
   * @param until by `sharedNow`: none once that has passed, be it while others kept the file
   */
  write(statements: PlainStatement[], until?: number): Written[]
  close(): void
}

/** Opens a connection and asserts its PRAGMAs. */
export function connect(path: string, mode: 'write' | 'read'): Connection {
  const driver = new Sqlite(path, { timeout: BUSY_MS })
  const prepared = new Map<string, Prepared>()

  driver.exec('PRAGMA journal_mode = WAL')
  driver.exec('PRAGMA synchronous = FULL')
  driver.exec('PRAGMA foreign_keys = ON')
  driver.exec(`PRAGMA cache_size = -${CACHE_KIB[mode]}`)
  // bringing the log to the file is not left to commits, see `checkpoints.ts`
  driver.exec('PRAGMA wal_autocheckpoint = 0')
  if (mode === 'read') driver.exec('PRAGMA query_only = ON')
  for (const [name, value] of Object.entries(expected)) {
    const [actual] = driver.prepare(`PRAGMA ${name}`).raw().get([]) as unknown[]
    if (actual !== value) throw new Error(`PRAGMA ${name} is ${actual}, must be ${value}`)
  }

  function prepare(sql: string): Prepared {
    let known = prepared.get(sql)
    if (!known) {
      const statement = driver.prepare(sql)
      known = {
        statement,
        columns: statement.reader
          ? statement
              .raw()
              .columns()
              .map(({ name }) => name)
          : [],
      }
      if (prepared.size >= PREPARED_MAX) prepared.delete(prepared.keys().next().value!)
      prepared.set(sql, known)
    }
    return known
  }

  /** To the last row, so that the statement ends and with it its view of the database. */
  const arrays = ({ sql, args }: PlainStatement) => prepare(sql).statement.all(args) as unknown[][]

  function rows(statement: PlainStatement): Record<string, unknown>[] {
    const { columns } = prepare(statement.sql)
    return arrays(statement).map((values) => {
      const row: Record<string, unknown> = {}
      for (let column = 0; column < columns.length; column++) row[columns[column]!] = values[column]
      return row
    })
  }

  let patienceMs = BUSY_MS
  function bePatient(ms: number): void {
    if (ms === patienceMs) return
    driver.exec(`PRAGMA busy_timeout = ${ms}`)
    patienceMs = ms
  }

  function beginWriting(): void {
    try {
      driver.exec('BEGIN IMMEDIATE')
    } catch (error) {
      bePatient(STILL_BUSY_MS)
      throw error
    }
    bePatient(BUSY_MS)
  }

  function within<Result>(begin: () => void, work: () => Result): Result {
    begin()
    try {
      const result = work()
      driver.exec('COMMIT')
      return result
    } catch (error) {
      if (driver.inTransaction) driver.exec('ROLLBACK')
      throw error
    }
  }

  return {
    rows,
    arrays,
    rowsOfAll: (statements) =>
      // one by itself is of one moment without a transaction
      statements.length === 1
        ? statements.map(rows)
        : within(
            () => driver.exec('BEGIN'),
            () => statements.map(rows),
          ),
    write(statements, until = Number.POSITIVE_INFINITY) {
      const requireInTime = () => {
        if (sharedNow() > until) throw turnTooLate()
      }
      requireInTime()
      return within(beginWriting, () => {
        requireInTime()
        return statements.map((statement) => {
          const { statement: ready, columns } = prepare(statement.sql)
          if (columns.length === 0) return { rows: [], changes: ready.run(statement.args).changes }
          const returned = rows(statement)
          return { rows: returned, changes: returned.length }
        })
      })
    },
    close() {
      prepared.clear()
      driver.close()
    },
  }
}
