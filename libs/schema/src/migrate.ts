import { fileURLToPath } from 'node:url'
import { type Client, createClient } from '@libsql/client'
import { drizzle } from 'drizzle-orm/libsql'
import { migrate } from 'drizzle-orm/libsql/migrator'
import { connect } from './connection'

const migrationsFolder = fileURLToPath(new URL('../migrations', import.meta.url))

/** Brings a database to the present schema. Runs once, before anything else has it open. */
export async function migrateTo(url: string, authToken?: string): Promise<void> {
  const client: Client = url.startsWith('file:') ? await connect(url, 'write') : createClient({ url, authToken })
  try {
    await migrate(drizzle(client), { migrationsFolder })
  } finally {
    client.close()
  }
}
