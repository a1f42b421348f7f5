import { fileURLToPath } from 'node:url'
import { type Client, createClient } from '@libsql/client'
import { drizzle } from 'drizzle-orm/libsql'
import { migrate } from 'drizzle-orm/libsql/migrator'
import { readMigrationFiles } from 'drizzle-orm/migrator'
import type { Snapshot } from './copies/snapshot'

const migrationsFolder = fileURLToPath(new URL('../migrations', import.meta.url))

/** Brings a data file to the present schema. Runs once, before anything else has it open. */
export async function migrateFile(url: string): Promise<void> {
  const client = createClient({ url, concurrency: 1 })
  try {
    // of a new file only, and before anything is in it: half of SQLite's usual page, since a booking changes a few bytes on each
    // of several pages, and every one of them is written whole
    await client.execute('PRAGMA page_size = 2048')
    // before there is anything to lose: a migration is as durable as any write after it
    await client.execute('PRAGMA journal_mode = WAL')
    await client.execute('PRAGMA synchronous = FULL')
    await applyMigrations(client)
  } finally {
    client.close()
  }
}

/**
 * Gives a database the migrations it lacks, all of them or none, in one transaction that writes down which. That each is written down
 * once is what makes it happen once: of several processes that begin together, those that come second are undone as a whole.
 */
export async function applyMigrations(client: Client): Promise<void> {
  const recorded = await client.execute("SELECT 1 FROM sqlite_schema WHERE name = '__drizzle_migrations_once'")
  if (recorded.rows.length === 0) {
    await client.batch(
      [
        `CREATE TABLE IF NOT EXISTS __drizzle_migrations (id SERIAL PRIMARY KEY, hash text NOT NULL, created_at numeric)`,
        'CREATE UNIQUE INDEX IF NOT EXISTS __drizzle_migrations_once ON __drizzle_migrations (hash)',
      ],
      'write',
    )
  }
  await migrate(drizzle(client), { migrationsFolder })
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
