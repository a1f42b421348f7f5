import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { freePort } from './port'
import { aProcess, type Process } from './process'

/** How long a server may take until it takes connections. */
const START_MS_MAX = 40_000

/** A NATS server with JetStream in a process of its own, which starts again on the same streams and port. */
export interface Nats extends Process {
  /** For `NATS_URL`. */
  url: string
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
  const server = aProcess(() => ({
    name: 'nats-server',
    command: [path, '-js', '-sd', folder, '-a', '127.0.0.1', '-p', String(port)],
    environment: { PATH: process.env.PATH },
    isReady: (output) => output.includes('Server is ready'),
    startMsMax: START_MS_MAX,
  }))
  await server.start()
  return Object.assign(server, {
    url: `nats://127.0.0.1:${port}`,
    async [Symbol.asyncDispose]() {
      await server.kill()
      rmSync(folder, { recursive: true, force: true })
    },
  })
}
