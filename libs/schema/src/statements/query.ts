import { drizzle, type SqliteRemoteDatabase } from 'drizzle-orm/sqlite-proxy'

/** Drizzle's query builder over a way to read rows as arrays. It refuses to write: writing goes through `Database.write`. */
export function queryBuilder(readArrays: (sql: string, args: unknown[]) => Promise<unknown[][]>): SqliteRemoteDatabase {
  return drizzle(async (sql, params, method) => {
    if (method === 'run') throw new Error('This builder only reads: hand the statement to Database.write')
    const rows = await readArrays(sql, params)
    // `get` takes one row, or undefined where there is none; its type knows only the row
    return { rows: method === 'get' ? (rows[0] as unknown[]) : rows }
  })
}
