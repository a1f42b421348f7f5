import type { Statement } from './statement'

/**
 * How many rows one statement takes: a few sizes, so that the statements stay prepared, whatever the size of a group. Bound
 * values cost a third of what reading them out of one JSON argument does.
 */
const SIZES = [64, 16, 4, 1] as const

/**
 * The statements that do something with rows of values, in the order given: a few, for any number of rows.
 * @param width values a row
 * @param sqlOf the statement around a list of rows, `VALUES (?, ?), (?, ?)`
 */
export function withRows(
  width: number,
  sqlOf: (values: string) => string,
): (rows: readonly unknown[][]) => Statement[] {
  const row = `(${Array(width).fill('?').join(', ')})`
  const bySize = SIZES.map((size) => ({ size, sql: sqlOf(`VALUES ${Array(size).fill(row).join(', ')}`) }))
  return (rows) => {
    const statements: Statement[] = []
    let at = 0
    for (const { size, sql } of bySize) {
      for (; rows.length - at >= size; at += size) statements.push({ sql, args: rows.slice(at, at + size).flat() })
    }
    return statements
  }
}

/** The statements that insert rows into a table. */
export const insertInto = (table: string, columns: readonly string[]) =>
  withRows(columns.length, (values) => `INSERT INTO ${table} (${columns.join(', ')}) ${values}`)
