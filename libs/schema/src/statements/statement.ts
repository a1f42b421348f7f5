export type Value = string | number | bigint | null | Uint8Array

/** SQL with its arguments, or a drizzle query that can say them. */
export type Statement = { sql: string; args: unknown[] } | { toSQL(): { sql: string; params: unknown[] } }

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

/** @throws TypeError for an argument that SQLite has no type for */
export function plain(statement: Statement): PlainStatement {
  if (!('toSQL' in statement)) return { sql: statement.sql, args: statement.args.map(bindable) }
  const { sql, params } = statement.toSQL()
  return { sql, args: params.map(bindable) }
}

function bindable(argument: unknown): Value {
  switch (typeof argument) {
    case 'string':
    case 'number':
    case 'bigint':
      return argument
    case 'boolean':
      return argument ? 1 : 0
  }
  if (argument === null || argument === undefined) return null
  if (argument instanceof Uint8Array) return argument
  throw new TypeError('A statement takes text, numbers, flags, bytes and null')
}
