import { createClient, type ResultSet } from '@libsql/client'
import type { Database } from './database'
import { faultOf, writeBeforeFailed } from './faults'
import { queryBuilder } from './query'
import { plain } from './statement'

/** Opens a libSQL server. It is migrated by whoever deploys it, once, before its services start. */
export async function openServer(url: string, authToken: string | undefined): Promise<Database> {
  const client = createClient({ url, authToken })
  let last: Promise<unknown> = Promise.resolve()

  async function guarded<T>(work: () => Promise<T>): Promise<T> {
    try {
      return await work()
    } catch (error) {
      throw faultOf(error)
    }
  }

  return {
    read: <T>(sql: string, args: unknown[] = []) =>
      guarded(async () => rowsOf(await client.execute(plain({ sql, args }))) as T[]),
    readAll: (statements) => guarded(async () => (await client.batch(statements.map(plain), 'read')).map(rowsOf)),
    query: queryBuilder((sql, args) =>
      guarded(async () => {
        const result = await client.execute(plain({ sql, args }))
        return result.rows.map((row) => Array.from({ length: result.columns.length }, (_, column) => row[column]))
      }),
    ),
    write(statements, after) {
      const turn = last.then(async () => {
        await after?.catch(() => {
          throw writeBeforeFailed()
        })
        return guarded(async () =>
          (await client.batch(statements.map(plain), 'write')).map((result) => ({
            rows: rowsOf(result),
            changes: result.rowsAffected,
          })),
        )
      })
      last = turn.catch(() => undefined)
      return turn
    },
    // a server minds its own disk
    failure: () => null,
    async close() {
      await last
      client.close()
    },
  }
}

/** The rows of a result, keyed by column. */
function rowsOf({ columns, rows }: ResultSet): Record<string, unknown>[] {
  return rows.map((row) => Object.fromEntries(columns.map((name, column) => [name, row[column]])))
}
