import type { InValue } from '@libsql/client'

export type Value = InValue

/** SQL with its arguments, or a drizzle query that can say them. */
export type Statement = { sql: string; args: Value[] } | { toSQL(): { sql: string; params: unknown[] } }

/** What one written statement did. */
export interface Written<Row = Record<string, unknown>> {
  /** What RETURNING gave. */
  rows: Row[]
  changes: number
}

export interface PlainStatement {
  sql: string
  args: Value[]
}

export function plain(statement: Statement): PlainStatement {
  if (!('toSQL' in statement)) return statement
  const { sql, params } = statement.toSQL()
  return { sql, args: params as Value[] }
}
