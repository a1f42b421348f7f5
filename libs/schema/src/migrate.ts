import { fileURLToPath } from 'node:url'
import { createClient } from '@libsql/client'
import { drizzle } from 'drizzle-orm/libsql'
import { migrate } from 'drizzle-orm/libsql/migrator'
import { readMigrationFiles } from 'drizzle-orm/migrator'
import type { Snapshot } from './snapshot'

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

/** Whether a database has been given every migration of this program, and no other. */
export async function schemaOf(database: Pick<Snapshot, 'rows'>): Promise<'none' | 'older' | 'present' | 'newer'> {
  const list = "SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = '__drizzle_migrations'"
  if ((await database.rows(list)).length === 0) return 'none'
  const given = await database.rows<{ hash: string }>('SELECT hash FROM __drizzle_migrations ORDER BY created_at')
  const known = readMigrationFiles({ migrationsFolder })
  if (given.length === 0) return 'none'
  if (given.some(({ hash }, index) => known[index]?.hash !== hash)) return 'newer'
  return given.length === known.length ? 'present' : 'older'
}
