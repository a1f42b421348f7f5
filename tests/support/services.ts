import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Database } from '@channelling/schema'
import { freePort } from './port'
import { answersWell, aProcess, type Process } from './process'
import { type Sqld, startSqld } from './sqld'

export type ServiceName = 'catalogue' | 'bookings' | 'patients' | 'notifications'

export const serviceNames: readonly ServiceName[] = ['catalogue', 'bookings', 'patients', 'notifications']

/** How long a service may take until it answers. */
const START_MS_MAX = 40_000

/** One process of a service, on a port that stays its own. */
export interface ServiceProcess extends Process {
  url: string
  /** Starts it, from now on with these settings besides; resolves once it answers. */
  start(extra?: Record<string, string>): Promise<void>
}

/** Every service in a process of its own, on one libSQL server. */
export interface Services {
  database: Omit<Sqld, 'admin'>
  /** The replicas of each. */
  processes: Record<ServiceName, ServiceProcess[]>
  /** What a gateway in front of them has to be told. */
  environment: Record<string, string>
  [Symbol.asyncDispose](): Promise<void>
}

export interface ServicesGiven {
  seed?: (database: Database) => Promise<void>
  /** Settings of every service. */
  environment?: Record<string, string>
  replicas?: Partial<Record<ServiceName, number>>
  /** A script that each of their processes runs before its own. */
  preload?: string
  /** Where the database is reached in place of its own address: something in front of it. */
  through?: (databaseUrl: string) => Promise<string>
}

const INTERNAL_SECRET = 'a secret between processes, for tests only'

/** Starts every service, and the database under them. */
export async function startServices({
  seed,
  environment = {},
  replicas = {},
  preload,
  through,
}: ServicesGiven = {}): Promise<Services> {
  const database = await startSqld(seed)
  const folder = mkdtempSync(join(tmpdir(), 'services-'))
  const shared = { DATABASE_URL: (await through?.(database.url)) ?? database.url, INTERNAL_SECRET }
  const names = serviceNames.flatMap((name) => Array<ServiceName>(replicas[name] ?? 1).fill(name))
  const all = names.map((name) => ({
    name,
    process: aService(name, { ...shared, DATA_DIR: folder, ...environment }, preload),
  }))
  const end = async () => {
    await Promise.all(all.map(({ process }) => process.kill()))
    await database[Symbol.asyncDispose]()
    rmSync(folder, { recursive: true, force: true })
  }
  try {
    await Promise.all(all.map(({ process }) => process.start()))
  } catch (error) {
    await end()
    throw error
  }
  const of = (name: ServiceName) => all.filter((one) => one.name === name).map(({ process }) => process)
  const processes = {
    catalogue: of('catalogue'),
    bookings: of('bookings'),
    patients: of('patients'),
    notifications: of('notifications'),
  }
  const urls = Object.entries(processes).map(([name, among]) => [
    `${name.toUpperCase()}_URL`,
    among.map(({ url }) => url).join(','),
  ])
  return { database, processes, environment: { ...shared, ...Object.fromEntries(urls) }, [Symbol.asyncDispose]: end }
}

function aService(name: ServiceName, environment: Record<string, string>, preload?: string): ServiceProcess {
  const main = new URL(`../../services/${name}/src/main.ts`, import.meta.url).pathname
  const port = freePort()
  const url = `http://127.0.0.1:${port}`
  let given = environment
  const service = aProcess(() => ({
    name,
    command: [process.execPath, ...(preload ? ['--preload', preload] : []), main],
    environment: { PATH: process.env.PATH, HOST: '127.0.0.1', PORT: String(port), ...given },
    isReady: () => answersWell(`${url}/health/ready`),
    startMsMax: START_MS_MAX,
  }))
  const { start } = service
  return Object.assign(service, {
    url,
    start(extra?: Record<string, string>) {
      given = { ...given, ...extra }
      return start()
    },
  })
}
