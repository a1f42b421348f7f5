import { randomBytes } from 'node:crypto'
import { accessSync, constants, mkdirSync } from 'node:fs'
import { createKeyring } from '@channelling/access'
import { importCatalogue } from '@channelling/catalogue'
import { createCalendar } from '@channelling/contract'
import { createLog } from '@channelling/http'
import { backUp, type Database, DatabaseFault, DataInUse, open } from '@channelling/schema'
import type { Settings } from '@channelling/settings'
import { createAdministration } from '../administration'
import { createControl } from '../control'
import { controlPathsOf } from '../folder'
import { CommandFailed } from './command'
import { type Choice, takeData } from './place'

/** The way of a command to the data, whether or not a server holds it. */
export interface Reach {
  /** Asks the control of the data; `path` begins with a slash. */
  fetch(path: string, init?: RequestInit): Promise<Response>
  /** In which times are read and told there: of a server it is the server's. */
  timeZone: string
  close(): Promise<void>
}

/** How long a server that is starting or closing may take until it answers or lets go of its data. */
const PATIENCE_MS = 3_000
const PAUSE_MS = 100

/**
 * Reaches the data of these settings: through the control socket of a server that holds it, or else by opening it.
 * @throws CommandFailed where a server holds the data and does not answer
 */
export const reach = (settings: Settings, choice: Choice = {}, patienceMs = PATIENCE_MS): Promise<Reach> =>
  reachServerOr(settings, choice, () => reachDatabase(settings, choice), patienceMs)

/**
 * Reaches a server that holds the data of these settings, or does something with the data where none does.
 * @param alone throws DataInUse where a server holds it after all
 * @throws CommandFailed where a server holds the data and does not answer
 */
export async function reachServerOr<Done>(
  settings: Settings,
  choice: Choice,
  alone: () => Promise<Done>,
  patienceMs = PATIENCE_MS,
): Promise<Reach | Done> {
  const deadline = performance.now() + patienceMs
  for (;;) {
    const overSocket = await reachServer(settings, choice, deadline)
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

/** Of several servers the one that answers first. */
async function reachServer(settings: Settings, choice: Choice, deadline: number): Promise<Reach | null> {
  const paths = controlPathsOf(settings.DATA_DIR, askedOf(settings, choice))
  const signal = AbortSignal.timeout(Math.max(1, deadline - performance.now()))
  const greeted = paths.map(async (path): Promise<Reach> => {
    const server = serverAt(path)
    const { data } = (await (await server.fetch('/', { signal })).json()) as { data: { timeZone?: string } }
    // an older one does not tell
    return { ...server, timeZone: data.timeZone ?? settings.TIME_ZONE }
  })
  return Promise.any(greeted).catch(({ errors }: AggregateError) => {
    if (errors.some(({ name }) => name === 'TimeoutError')) throw notAnswering(settings)
    return null
  })
}

/** A database that was named is not that of `run services` in the folder. */
function askedOf({ databaseNamed }: Settings, { services }: Choice): 'one server' | 'services' | 'any' {
  if (services) return 'services'
  return databaseNamed ? 'one server' : 'any'
}

const serverAt = (unix: string): Omit<Reach, 'timeZone'> => ({
  fetch: (path, init) => fetch(`http://localhost${path}`, { ...init, unix, timeout: false } as BunFetchRequestInit),
  close: async () => undefined,
})

const serverAway = (url: string) =>
  new CommandFailed(
    `The database server of DATABASE_URL, ${new URL(url).host}, does not answer: start it, or name another`,
  )

async function reachDatabase(settings: Settings, choice: Choice): Promise<Reach> {
  mkdirSync(settings.DATA_DIR, { recursive: true, mode: 0o700 })
  accessSync(settings.DATA_DIR, constants.R_OK | constants.W_OK | constants.X_OK)
  const data = await takeData(settings, choice)
  const { address } = data
  const database: Database = await open(address).catch(async (error) => {
    await data.close()
    if (error instanceof DatabaseFault && error.isUnreachable) throw serverAway(address.url)
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
    timeZone: settings.TIME_ZONE,
    secret,
    log,
  })
  return {
    timeZone: settings.TIME_ZONE,
    fetch: async (path, init) => control.fetch(new Request(`http://localhost${path}`, init)),
    async close() {
      await database.close()
      await data.close()
    },
  }
}
