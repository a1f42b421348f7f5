import type { Database } from '@channelling/schema'

/** Far fewer than a libSQL server puts into one answer. */
const ROWS_AT_A_TIME = 10_000

/** Every row of a query that says its order, however many there are, of a database that nobody writes to. */
export async function everyRow<Row extends object>(database: Database, ordered: string): Promise<Row[]> {
  const rows: Row[] = []
  for (;;) {
    const page = await database.read<Row>(`${ordered} LIMIT ${ROWS_AT_A_TIME} OFFSET ${rows.length}`)
    rows.push(...page)
    if (page.length < ROWS_AT_A_TIME) return rows
  }
}
