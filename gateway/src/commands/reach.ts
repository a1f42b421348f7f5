import { randomBytes } from 'node:crypto'
import { accessSync, constants, mkdirSync } from 'node:fs'
import { createKeyring } from '@channelling/access'
import { importCatalogue } from '@channelling/catalogue'
import { createCalendar } from '@channelling/contract'
import { createLog } from '@channelling/http'
import { backUp, type Database, DataInUse, open } from '@channelling/schema'
import type { Settings } from '@channelling/settings'
import { createAdministration } from '../administration'
import { controlPath, createControl } from '../control'
import { controlPathsOf, keepServicesFrom } from '../folder'
import { CommandFailed } from './command'

/** The way of a command to the data, whether or not a server holds it. */
export interface Reach {
  /** Asks the control of the data; `path` begins with a slash. */
  fetch(path: string, init?: RequestInit): Promise<Response>
  close(): Promise<void>
}

/** How long a server that is starting or closing may take until it answers or lets go of its data. */
const PATIENCE_MS = 3_000
const PAUSE_MS = 100

/**
 * Reaches the data of these settings: through the control socket of a server that holds it, or else by opening it.
 * @throws CommandFailed where a server holds the data and does not answer
 */
export const reach = (settings: Settings, patienceMs = PATIENCE_MS): Promise<Reach> =>
  reachServerOr(settings, () => reachDatabase(settings), patienceMs)

/**
 * Reaches a server that holds the data of these settings, or does something with the data where none does.
 * @param alone throws DataInUse where a server holds it after all
 * @throws CommandFailed where a server holds the data and does not answer
 */
export async function reachServerOr<Done>(
  settings: Settings,
  alone: () => Promise<Done>,
  patienceMs = PATIENCE_MS,
): Promise<Reach | Done> {
  const deadline = performance.now() + patienceMs
  for (;;) {
    const overSocket = await reachServer(settings, deadline)
    if (overSocket) return overSocket
    try {
      return await alone()
    } catch (error) {
      if (!(error instanceof DataInUse)) throw error
      if (performance.now() >= deadline) throw notAnswering(settings)
    }
    await Bun.sleep(PAUSE_MS)
  }
}

const notAnswering = ({ DATA_DIR }: Settings) =>
  new CommandFailed(`A server holds the data in ${DATA_DIR} and does not answer: try again, or restart it`)

/** Of several servers the one that answers first. A database that was named is not that of `run services` in the folder. */
async function reachServer(settings: Settings, deadline: number): Promise<Reach | null> {
  const { DATA_DIR, databaseNamed } = settings
  const paths = databaseNamed ? [controlPath(DATA_DIR)] : controlPathsOf(DATA_DIR)
  const signal = AbortSignal.timeout(Math.max(1, deadline - performance.now()))
  const greeted = paths.map(async (path): Promise<Reach> => {
    const server = serverAt(path)
    await server.fetch('/', { signal })
    return server
  })
  return Promise.any(greeted).catch(({ errors }: AggregateError) => {
    if (errors.some(({ name }) => name === 'TimeoutError')) throw notAnswering(settings)
    return null
  })
}

const serverAt = (unix: string): Reach => ({
  fetch: (path, init) => fetch(`http://localhost${path}`, { ...init, unix, timeout: false } as BunFetchRequestInit),
  close: async () => undefined,
})

async function reachDatabase(settings: Settings): Promise<Reach> {
  mkdirSync(settings.DATA_DIR, { recursive: true, mode: 0o700 })
  accessSync(settings.DATA_DIR, constants.R_OK | constants.W_OK | constants.X_OK)
  const address = { url: settings.DATABASE_URL, authToken: settings.DATABASE_AUTH_TOKEN }
  const folder = keepServicesFrom(address.url)
  const database: Database = await open(address).catch((error) => {
    folder.release()
    throw error
  })
  const log = createLog('silent', 'command')
  const clock = Date.now
  const calendar = createCalendar(settings.TIME_ZONE)
  const secret = randomBytes(32).toString('hex')
  const keyring = createKeyring({ database, clock, calendar })
  const control = createControl({
    administration: createAdministration({ database, keyring, calendar, clock, secret, log }),
    importCatalogue: (files, options) =>
      importCatalogue({ database, calendar, clock, currency: settings.CURRENCY }, files, options),
    backUp: (to) => backUp(address, to, { held: true }),
    secret,
    log,
  })
  return {
    fetch: async (path, init) => control.fetch(new Request(`http://localhost${path}`, init)),
    async close() {
      await database.close()
      folder.release()
    },
  }
}
