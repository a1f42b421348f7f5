import { readFileSync } from 'node:fs'
import type { Socket } from 'node:net'
import { opened } from './raw'
import type { Server } from './server'

const HOST = 'Host: localhost'
const DRIP_MS = 1000
const CHUNK_BYTES = 64 * 1024

/** What a slow caller says at first, and then a bit of each second. */
const slownesses = (key: string) => {
  const post = `POST /api/patients HTTP/1.1\r\n${HOST}\r\nFinance: ${key}\r\nContent-Type: application/json\r\n`
  return {
    'says nothing': ['', ''],
    'never ends its head': [`GET /health/live HTTP/1.1\r\n${HOST}\r\nX: `, 'x'],
    'sends its body byte by byte': [`${post}Content-Length: 60000\r\n\r\n`, 'x'],
    'sends a chunk of a byte at a time': [`${post}Transfer-Encoding: chunked\r\n\r\n`, '1\r\nx\r\n'],
    'asks once and stays': [`GET /health/live HTTP/1.1\r\n${HOST}\r\n\r\n`, ''],
  } as const
}

export type Slowness = keyof ReturnType<typeof slownesses>

/** Callers who keep a server waiting. */
export interface SlowCallers {
  /** How long after it was opened each connection was closed by the server, in ms; null while it is open. */
  lasted(slowness: Slowness): (number | null)[]
  [Symbol.dispose](): void
}

/** Opens so many connections, of every slowness in turn, each kept up as slowly as can be. */
export async function slowCallers(server: Server, count: number): Promise<SlowCallers> {
  const kinds = Object.entries(slownesses(server.key)) as [Slowness, readonly [string, string]][]
  const callers: { slowness: Slowness; socket: Socket; drip: string; lastedMs: number | null }[] = []
  for (let index = 0; index < count; index++) {
    const [slowness, [head, drip]] = kinds[index % kinds.length]!
    const socket = await opened(server.port)
    const caller = { slowness, socket, drip, lastedMs: null as number | null }
    const since = Date.now()
    socket.on('data', () => {})
    socket.on('error', () => {})
    socket.on('close', () => {
      caller.lastedMs = Date.now() - since
    })
    if (head) socket.write(head)
    callers.push(caller)
  }
  const timer = setInterval(() => {
    for (const { socket, drip, lastedMs } of callers) if (drip && lastedMs === null) socket.write(drip)
  }, DRIP_MS)

  return {
    lasted: (slowness) => callers.filter((caller) => caller.slowness === slowness).map(({ lastedMs }) => lastedMs),
    [Symbol.dispose]() {
      clearInterval(timer)
      for (const { socket } of callers) socket.destroy()
    },
  }
}

/**
 * Sends bodies of many megabytes at once, half of them without saying their size, half without a key; says how many bytes went out.
 * Each sender rests `pauseMs` after every 64 KiB; without it all send as fast as the server takes it.
 */
export async function hugeBodies(server: Server, count: number, megabytes: number, pauseMs = 0): Promise<number> {
  const chunk = Buffer.alloc(CHUNK_BYTES, 'x')
  const framed = Buffer.concat([Buffer.from(`${CHUNK_BYTES.toString(16)}\r\n`), chunk, Buffer.from('\r\n')])
  const sent = await Promise.all(
    Array.from({ length: count }, async (_, index) => {
      const sized = index % 2 === 0
      const key = index % 4 < 2 ? `Finance: ${server.key}\r\n` : ''
      const framing = sized ? `Content-Length: ${megabytes * 2 ** 20}` : 'Transfer-Encoding: chunked'
      const socket = await opened(server.port)
      socket.on('data', () => {})
      socket.write(
        `POST /api/patients HTTP/1.1\r\n${HOST}\r\n${key}Content-Type: application/json\r\n${framing}\r\n\r\n`,
      )
      let bytes = 0
      while (bytes < megabytes * 2 ** 20 && !socket.destroyed) {
        const taken = socket.write(sized ? chunk : framed)
        bytes += CHUNK_BYTES
        if (!taken) await drained(socket)
        if (pauseMs > 0) await Bun.sleep(pauseMs)
      }
      socket.destroy()
      return bytes
    }),
  )
  return sent.reduce((sum, bytes) => sum + bytes, 0)
}

const drained = (socket: Socket) => {
  const { promise, resolve } = Promise.withResolvers<void>()
  socket.once('drain', resolve)
  socket.once('error', () => resolve())
  socket.once('close', () => resolve())
  return promise
}

/** The memory that a server's process holds, in bytes. */
export const residentBytes = ({ pid }: Server): number =>
  Number(/VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]) * 1024
