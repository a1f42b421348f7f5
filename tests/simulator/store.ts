import { type SQLQueryBindings, Database as Sqlite, type Statement } from 'bun:sqlite'
import type { ServerClient } from '@channelling/schema'
import { BEGIN } from './scheduler'

export type ResultSet = Awaited<ReturnType<ServerClient['batch']>>[number]

/** As a client is given it. */
export interface Asked {
  sql: string
  args: SQLQueryBindings[]
}

/** The database's clock, which is the simulation's. */
const CLOCK = "unixepoch('subsec')"

/** The database itself: SQLite in memory, which does what is asked at once, all of it or nothing. */
export interface Store {
  /** @throws what a libSQL server says, in its terms */
  carryOut(statements: readonly Asked[], mode: 'read' | 'write'): ResultSet[]
  /** Looks, past every fault. */
  rows<Row>(sql: string, ...args: SQLQueryBindings[]): Row[]
  close(): void
}

export function openStore(bytes: Uint8Array, now: () => number): Store {
  const sqlite = Sqlite.deserialize(bytes)
  sqlite.run('PRAGMA foreign_keys = ON')
  const prepared = new Map<string, Statement>()

  function prepare(sql: string): Statement {
    if (sql.includes(CLOCK)) return sqlite.prepare(sql.replaceAll(CLOCK, `${(BEGIN + now()) / 1000}`))
    let statement = prepared.get(sql)
    if (!statement) {
      statement = sqlite.prepare(sql)
      prepared.set(sql, statement)
    }
    return statement
  }

  function one({ sql, args }: Asked): ResultSet {
    const statement = prepare(sql)
    const columns = statement.columnNames
    if (columns.length === 0) return resultOf([], [], statement.run(...args).changes)
    const rows = statement.values(...args) as unknown[][]
    return resultOf(columns, rows, rows.length)
  }

  return {
    carryOut(statements, mode) {
      sqlite.run(mode === 'write' ? 'BEGIN IMMEDIATE' : 'BEGIN')
      try {
        const results = statements.map(one)
        sqlite.run('COMMIT')
        return results
      } catch (error) {
        if (sqlite.inTransaction) sqlite.run('ROLLBACK')
        throw asAServerSays(error)
      }
    },
    rows: <Row>(sql: string, ...args: SQLQueryBindings[]) => prepare(sql).all(...args) as Row[],
    close: () => sqlite.close(),
  }
}

const resultOf = (columns: string[], rows: unknown[][], rowsAffected: number) =>
  ({ columns, rows, rowsAffected }) as unknown as ResultSet

/** A server sends SQLite's primary code alone. */
function asAServerSays(error: unknown): Error {
  const { code, message } = error as { code?: string; message: string }
  const primary = code?.startsWith('SQLITE_CONSTRAINT') ? 'SQLITE_CONSTRAINT' : (code ?? 'SQLITE_ERROR')
  return Object.assign(new Error(`${primary}: SQLite error: ${message}`), { code: primary })
}
