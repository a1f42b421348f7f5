import type { Snapshot } from './snapshot'

/** A table of ours, as the database itself describes it. */
export interface Table {
  name: string
  columns: string[]
  /** The columns of the primary key, in its order. */
  key: string[]
}

/** Tables of SQLite, of the migrations and of a server's own bookkeeping. */
const NOT_OURS = /^(sqlite_|__drizzle_|libsql_|_)/

/** Names as SQL takes them, whatever words they are. */
export const quoted = (names: readonly string[]): string => names.map((name) => `"${name}"`).join(', ')

/** Every table of ours, each after those it refers to. */
export async function tablesOf(database: Snapshot): Promise<Table[]> {
  const found = await database.rows<{ name: string; column: string; pk: number }>(
    `SELECT s.name AS name, c.name AS "column", c.pk AS pk FROM sqlite_schema AS s JOIN pragma_table_info(s.name) AS c
      WHERE s.type = 'table' ORDER BY s.name, c.cid`,
  )
  const references = await database.rows<{ name: string; parent: string }>(
    `SELECT DISTINCT s.name AS name, f."table" AS parent FROM sqlite_schema AS s JOIN pragma_foreign_key_list(s.name) AS f
      WHERE s.type = 'table'`,
  )
  const left = Map.groupBy(
    found.filter(({ name }) => !NOT_OURS.test(name)),
    ({ name }) => name,
  )
  const ordered: Table[] = []
  while (left.size > 0) {
    const ready = [...left.keys()].filter(
      (name) => !references.some((one) => one.name === name && one.parent !== name && left.has(one.parent)),
    )
    if (ready.length === 0) throw new Error(`The tables ${[...left.keys()].join(', ')} refer to each other in a circle`)
    for (const name of ready) {
      const columns = left.get(name)!
      const key = columns.filter(({ pk }) => pk > 0).sort((a, b) => a.pk - b.pk)
      if (key.length === 0) throw new Error(`The table ${name} has no primary key`)
      ordered.push({ name, columns: columns.map(({ column }) => column), key: key.map(({ column }) => column) })
      left.delete(name)
    }
  }
  return ordered
}

/** The rows of a table in the order of its primary key, some at a time, each as its values in the order of the columns. */
export async function* pagesOf(
  database: Snapshot,
  { name, columns, key }: Table,
  size: number,
): AsyncGenerator<unknown[][]> {
  const order = quoted(key)
  const beyond = `WHERE (${order}) > (${key.map(() => '?').join(', ')})`
  for (let last: Record<string, unknown> | undefined; ; ) {
    const rows = await database.rows(
      `SELECT ${quoted(columns)} FROM "${name}" ${last ? beyond : ''} ORDER BY ${order} LIMIT ${size}`,
      last ? key.map((column) => last![column]) : [],
    )
    if (rows.length > 0) yield rows.map((row) => columns.map((column) => row[column]))
    if (rows.length < size) return
    last = rows.at(-1)
  }
}
