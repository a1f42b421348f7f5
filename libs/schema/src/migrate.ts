import { fileURLToPath } from 'node:url'
import { createClient } from '@libsql/client'
import { drizzle } from 'drizzle-orm/libsql'
import { migrate } from 'drizzle-orm/libsql/migrator'

const migrationsFolder = fileURLToPath(new URL('../migrations', import.meta.url))

/** Brings a database to the present schema. Runs once, before anything else has it open. */
export async function migrateTo(url: string, authToken?: string): Promise<void> {
  const client = createClient({ url, authToken, concurrency: 1 })
  try {
    if (url.startsWith('file:')) {
      // of a new file only, and before anything is in it: half of SQLite's usual page, since a booking changes a few bytes on each
      // of several pages, and every one of them is written whole
      await client.execute('PRAGMA page_size = 2048')
      // before there is anything to lose: a migration is as durable as any write after it
      await client.execute('PRAGMA journal_mode = WAL')
      await client.execute('PRAGMA synchronous = FULL')
    }
    await migrate(drizzle(client), { migrationsFolder })
  } finally {
    client.close()
  }
}
