import type { Database } from '../database'
import type { Statement } from './statement'

/**
 * How many rows one statement takes: a few sizes, so that the statements stay prepared, whatever the size of a group. Bound
 * values cost a third of what reading them out of one JSON argument does.
 */
const SIZES = [64, 16, 4, 1] as const

/**
 * The statements that do something with rows of values, in the order given. A file gets a few, for any number of rows. A server gets
 * one, with the rows as one JSON argument: it prepares every statement anew, and each value sent by itself costs more than the row.
 * @param width values a row
 * @param sqlOf the statement around a list of rows, `VALUES (?, ?), (?, ?)`, whose columns are `column1`, `column2` and so on
 */
export function withRows(
  width: number,
  sqlOf: (values: string) => string,
): (rows: readonly unknown[][], to?: Pick<Database, 'shared'>) => Statement[] {
  const row = `(${Array(width).fill('?').join(', ')})`
  const bySize = SIZES.map((size) => ({ size, sql: sqlOf(`VALUES ${Array(size).fill(row).join(', ')}`) }))
  const columns = Array.from({ length: width }, (_, column) => `value ->> ${column} AS column${column + 1}`)
  const ofJson = sqlOf(`SELECT ${columns.join(', ')} FROM json_each(?)`)
  return (rows, to) => {
    if (to?.shared) return rows.length > 0 ? [{ sql: ofJson, args: [JSON.stringify(rows)] }] : []
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
