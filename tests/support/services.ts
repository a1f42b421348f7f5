import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Database } from '@channelling/schema'
import { freePort } from './port'
import { type Sqld, startSqld } from './sqld'

export type ServiceName = 'catalogue' | 'bookings' | 'patients' | 'notifications'

export const serviceNames: readonly ServiceName[] = ['catalogue', 'bookings', 'patients', 'notifications']

/** How long a service may take until it answers. */
const START_MS_MAX = 20_000

/** One process of a service, on a port that stays its own. */
export interface ServiceProcess {
  url: string
  pid: number
  output(): string
  /** Ends it the way an operator does. */
  stop(): Promise<void>
  kill(): Promise<void>
  /** Leaves it there, taking connections and answering nobody. */
  hang(): void
  resume(): void
  /** Starts it again, from now on with these settings besides; resolves once it answers. */
  start(extra?: Record<string, string>): Promise<void>
}

/** Every service in a process of its own, on one libSQL server. */
export interface Services {
  database: Sqld
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
  /** Where the database is reached in place of its own address: something in front of it. */
  through?: (databaseUrl: string) => Promise<string>
}

const INTERNAL_SECRET = 'a secret between processes, for tests only'

/** Starts every service, and the database under them. */
export async function startServices({
  seed,
  environment = {},
  replicas = {},
  through,
}: ServicesGiven = {}): Promise<Services> {
  const database = await startSqld(seed)
  const folder = mkdtempSync(join(tmpdir(), 'services-'))
  const shared = { DATABASE_URL: (await through?.(database.url)) ?? database.url, INTERNAL_SECRET }
  const names = serviceNames.flatMap((name) => Array<ServiceName>(replicas[name] ?? 1).fill(name))
  const all = names.map((name) => ({
    name,
    process: aProcess(name, { ...shared, DATA_DIR: folder, ...environment }),
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

function aProcess(name: ServiceName, environment: Record<string, string>): ServiceProcess {
  const main = new URL(`../../services/${name}/src/main.ts`, import.meta.url).pathname
  const port = freePort()
  const url = `http://127.0.0.1:${port}`
  let given = environment
  let child: Bun.Subprocess<'ignore', 'pipe', 'pipe'> | undefined
  let output = ''

  const gather = async (stream: ReadableStream<Uint8Array>) => {
    const decoder = new TextDecoder()
    for await (const chunk of stream) output += decoder.decode(chunk, { stream: true })
  }
  const end = async (signal: 'SIGTERM' | 'SIGKILL') => {
    child?.kill(signal)
    await child?.exited
  }

  return {
    url,
    get pid() {
      return child!.pid
    },
    output: () => output,
    stop: () => end('SIGTERM'),
    kill: () => end('SIGKILL'),
    hang: () => process.kill(child!.pid, 'SIGSTOP'),
    resume: () => process.kill(child!.pid, 'SIGCONT'),
    async start(extra) {
      given = { ...given, ...extra }
      const started = Bun.spawn([process.execPath, main], {
        env: { PATH: process.env.PATH, HOST: '127.0.0.1', PORT: String(port), ...given },
        stdout: 'pipe',
        stderr: 'pipe',
      })
      child = started
      void gather(started.stdout)
      void gather(started.stderr)
      const deadline = Date.now() + START_MS_MAX
      while (!(await answers(url))) {
        if (started.exitCode !== null) throw new Error(`${name} ended with ${started.exitCode}: ${output}`)
        if (Date.now() > deadline) throw new Error(`${name} did not start in time: ${output}`)
        await Bun.sleep(10)
      }
    },
  }
}

const answers = (url: string): Promise<boolean> =>
  fetch(`${url}/health/ready`, { signal: AbortSignal.timeout(1000) }).then(
    ({ ok }) => ok,
    () => false,
  )
