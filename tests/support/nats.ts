import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { freePort } from './port'

/** How long a server may take until it takes connections. */
const START_MS_MAX = 15_000

/** A NATS server with JetStream in a process of its own, on a folder of its own. */
export interface Nats {
  /** For `NATS_URL`. */
  url: string
  /** Ends it the way a power cut does. */
  kill(): Promise<void>
  /** Leaves it there, taking connections and answering nobody. */
  hang(): void
  resume(): void
  /** Starts it again on the same streams and port. */
  restart(): Promise<void>
  /** Ends it, and removes its streams. */
  [Symbol.asyncDispose](): Promise<void>
}

/** Debian puts it where only root looks for commands. */
export const natsPath = (): string | undefined =>
  Bun.which('nats-server') ?? ['/usr/sbin/nats-server', '/usr/local/sbin/nats-server'].find(existsSync)

/** Starts a NATS server. */
export async function startNats(): Promise<Nats> {
  const path = natsPath()
  if (!path) throw new Error('There is no nats-server: bun tests/prepare.ts installs one')
  const folder = mkdtempSync(join(tmpdir(), 'nats-'))
  const port = freePort()
  let child = await launch()

  async function launch() {
    const started = Bun.spawn([path!, '-js', '-sd', folder, '-a', '127.0.0.1', '-p', String(port)], {
      env: { PATH: process.env.PATH },
      stdout: 'ignore',
      stderr: 'pipe',
    })
    let output = ''
    void (async () => {
      for await (const chunk of started.stderr) output += new TextDecoder().decode(chunk)
    })()
    const deadline = Date.now() + START_MS_MAX
    while (!output.includes('Server is ready')) {
      if (started.exitCode !== null) throw new Error(`nats-server ended with ${started.exitCode}: ${output}`)
      if (Date.now() > deadline) throw new Error(`nats-server did not start in time: ${output}`)
      await Bun.sleep(10)
    }
    return started
  }

  const kill = async () => {
    child.kill('SIGKILL')
    await child.exited
  }
  return {
    url: `nats://127.0.0.1:${port}`,
    kill,
    hang: () => process.kill(child.pid, 'SIGSTOP'),
    resume: () => process.kill(child.pid, 'SIGCONT'),
    async restart() {
      child = await launch()
    },
    async [Symbol.asyncDispose]() {
      await kill()
      rmSync(folder, { recursive: true, force: true })
    },
  }
}
