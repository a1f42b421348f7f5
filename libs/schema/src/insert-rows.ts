import type { Statement } from './statement'

/**
 * How many rows one statement inserts: a few sizes, so that the statements stay prepared, whatever the size of a group. Bound
 * values cost a third of what reading them out of one JSON argument does.
 */
const SIZES = [64, 16, 4, 1] as const

/** The statements that insert rows into a table, in the order given: a few, for any number of rows. */
export function insertInto(table: string, columns: readonly string[]): (rows: readonly unknown[][]) => Statement[] {
  const row = `(${columns.map(() => '?').join(', ')})`
  const bySize = SIZES.map((size) => ({
    size,
    sql: `INSERT INTO ${table} (${columns.join(', ')}) VALUES ${Array(size).fill(row).join(', ')}`,
  }))
  return (rows) => {
    const statements: Statement[] = []
    let at = 0
    for (const { size, sql } of bySize) {
      for (; rows.length - at >= size; at += size) statements.push({ sql, args: rows.slice(at, at + size).flat() })
    }
    return statements
  }
}
