import { type Client, createClient, type ResultSet } from '@libsql/client'

/** What every connection to a data file has to answer, or the start stops. PRAGMAs belong to a connection, not to the file. */
const expected = {
  journal_mode: 'wal',
  synchronous: 2,
  foreign_keys: 1,
} as const

/** Opens one connection to a file and asserts its PRAGMAs. */
export async function connect(url: string, mode: 'write' | 'read'): Promise<Client> {
  const client = createClient({ url, concurrency: 1 })
  await client.execute('PRAGMA journal_mode = WAL')
  await client.execute('PRAGMA synchronous = FULL')
  await client.execute('PRAGMA foreign_keys = ON')
  await client.execute('PRAGMA cache_size = -65536')
  if (mode === 'read') await client.execute('PRAGMA query_only = ON')
  for (const [name, value] of Object.entries(expected)) {
    const actual = (await client.execute(`PRAGMA ${name}`)).rows[0]?.[0]
    if (actual !== value) throw new Error(`PRAGMA ${name} is ${actual}, must be ${value}`)
  }
  return client
}

/** The rows of a result as plain objects, keyed by column. */
export function rowsOf(result: ResultSet): Record<string, unknown>[] {
  const { columns, rows } = result
  return rows.map((row) => {
    const plain: Record<string, unknown> = {}
    for (let column = 0; column < columns.length; column++) plain[columns[column]!] = row[column]
    return plain
  })
}
