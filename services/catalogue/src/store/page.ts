import type { Paging } from '@channelling/contract'
import type { Database, Value } from '@channelling/schema'

/** A piece of SQL with its arguments. */
export interface Fragment {
  sql: string
  args: Value[]
}

export const fragment = (sql: string, ...args: Value[]): Fragment => ({ sql, args })

/** WHERE of all conditions; what is undefined does not restrict. */
export function where(conditions: (Fragment | undefined)[]): Fragment {
  const asked = conditions.filter((condition) => condition !== undefined)
  if (asked.length === 0) return fragment('')
  return {
    sql: `WHERE ${asked.map(({ sql }) => `(${sql})`).join(' AND ')}`,
    args: asked.flatMap(({ args }) => args),
  }
}

/** That one of the columns holds the text as a part, letters A to Z in either case. */
export function holdsPart(part: string | undefined, ...columns: string[]): Fragment | undefined {
  if (part === undefined) return undefined
  const pattern = `%${part.replace(/[\\%_]/g, '\\$&')}%`
  return {
    sql: columns.map((column) => `${column} LIKE ? ESCAPE '\\'`).join(' OR '),
    args: columns.map(() => pattern),
  }
}

export const limit = ({ page, size }: Paging): Fragment => fragment('LIMIT ? OFFSET ?', size, page * size)

/** Puts fragments behind each other. */
export const join = (...fragments: Fragment[]): Fragment => ({
  sql: fragments.map(({ sql }) => sql).join('\n'),
  args: fragments.flatMap(({ args }) => args),
})

/** A page and the size of the whole, both of one moment. `count` gives one row with `total`. */
export async function readPage<Row>(
  database: Database,
  page: Fragment,
  count: Fragment,
): Promise<{ rows: Row[]; total: number }> {
  const [rows, counted] = await database.readAll([page, count])
  return { rows: rows as Row[], total: Number(counted![0]!.total) }
}
