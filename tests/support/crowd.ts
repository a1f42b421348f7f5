import { STATUS_CODES } from 'node:http'
import type { Reply } from './reply'
import type { Server } from './server'

export interface Asked {
  method: string
  path: string
  body?: unknown
  /** The server's own unless named; null is none. */
  key?: string | null
  /** As they are written on the wire, letter case included; a name in another case is a second header. */
  headers?: Record<string, string>
}

/** Connections that are made at a time, fewer than a listener's backlog. */
const AT_ONCE = 100

interface Caller {
  send(): void
  answered: Promise<Reply>
}

/**
 * Callers who all stand in line, each with a connection of its own, before the first of them speaks; then all speak at once.
 * `fetch` would let 256 of them through and keep the rest waiting.
 */
export async function crowd(server: Server, requests: readonly Asked[]): Promise<Reply[]> {
  const callers: Caller[] = []
  for (let first = 0; first < requests.length; first += AT_ONCE) {
    const group = requests.slice(first, first + AT_ONCE)
    callers.push(...(await Promise.all(group.map((asked) => stand(server, asked)))))
  }
  for (const caller of callers) caller.send()
  return Promise.all(callers.map(({ answered }) => answered))
}

/**
 * Callers who share connections that are kept open: all of these stand before the first request goes out, and each carries the next
 * request as soon as it has brought the answer to the one before.
 */
export async function pooled(server: Server, requests: readonly Asked[], connections = 256): Promise<Reply[]> {
  const replies: Reply[] = new Array(requests.length)
  let next = 0
  const begin = Promise.withResolvers<void>()
  const carriers: Promise<void>[] = []
  for (let first = 0; first < connections; first += AT_ONCE) {
    const group = Array.from({ length: Math.min(AT_ONCE, connections - first) }, () => connection(server))
    for (const carrier of await Promise.all(group)) {
      carriers.push(
        begin.promise.then(async () => {
          while (next < requests.length) {
            const turn = next++
            replies[turn] = await carrier.ask(requests[turn]!)
          }
          carrier.end()
        }),
      )
    }
  }
  begin.resolve()
  await Promise.all(carriers)
  return replies
}

/** A connection that is kept from one request to the next. */
async function connection(server: Server): Promise<{ ask(asked: Asked): Promise<Reply>; end(): void }> {
  let heard = Buffer.alloc(0)
  let waiting: PromiseWithResolvers<string> | null = null
  const lost = (error: Error) => waiting?.reject(error)
  const socket = await Bun.connect({
    hostname: '127.0.0.1',
    port: server.port,
    socket: {
      data: (_socket, chunk) => {
        heard = heard.length === 0 ? Buffer.from(chunk) : Buffer.concat([heard, chunk])
        const headEnds = heard.indexOf('\r\n\r\n')
        if (headEnds === -1) return
        const length = /\r\ncontent-length: (\d+)/i.exec(heard.toString('latin1', 0, headEnds))?.[1]
        if (length === undefined) return lost(new Error('An answer without its length'))
        const end = headEnds + 4 + Number(length)
        if (heard.length < end) return
        const message = heard.toString('utf8', 0, end)
        heard = heard.subarray(end)
        waiting?.resolve(message)
      },
      close: () => lost(new Error('The connection ended without an answer')),
      error: (_socket, error) => lost(error),
    },
  })
  return {
    async ask(asked) {
      waiting = Promise.withResolvers()
      socket.write(written(server, asked, 'keep-alive'))
      const reply = readReply(await waiting.promise)
      server.contract.check({ method: asked.method, path: asked.path, ...reply })
      return reply
    },
    end: () => void socket.end(),
  }
}

async function stand(server: Server, asked: Asked): Promise<Caller> {
  const { method, path } = asked
  const { promise: answered, resolve, reject } = Promise.withResolvers<Reply>()
  const heard: Uint8Array[] = []
  const socket = await Bun.connect({
    hostname: '127.0.0.1',
    port: server.port,
    socket: {
      data: (_socket, chunk) => {
        heard.push(new Uint8Array(chunk))
      },
      close: () => {
        try {
          const reply = readReply(Buffer.concat(heard).toString())
          server.contract.check({ method, path, ...reply })
          resolve(reply)
        } catch (error) {
          reject(error)
        }
      },
      error: (_socket, error) => reject(error),
    },
  })
  return { send: () => socket.write(written(server, asked, 'close')), answered }
}

/** A request as it goes over the wire. */
function written(server: Server, { method, path, body, key = server.key, headers }: Asked, connection: string): string {
  const sent = body === undefined ? '' : JSON.stringify(body)
  const fields = {
    host: `127.0.0.1:${server.port}`,
    connection,
    ...(key !== null && { Finance: key }),
    ...(body !== undefined && { 'content-type': 'application/json', 'content-length': Buffer.byteLength(sent) }),
    ...headers,
  }
  const head = Object.entries(fields).map(([name, value]) => `${name}: ${value}\r\n`)
  const { pathname, search } = new URL(`${server.url}${path}`)
  return `${method} ${pathname}${search} HTTP/1.1\r\n${head.join('')}\r\n${sent}`
}

function readReply(heard: string): Reply {
  const [head, text] = [heard.slice(0, heard.indexOf('\r\n\r\n')), heard.slice(heard.indexOf('\r\n\r\n') + 4)]
  const [first, ...lines] = head.split('\r\n')
  const status = Number(/^HTTP\/1\.1 (\d{3})/.exec(first ?? '')?.[1])
  if (!(status in STATUS_CODES)) throw new Error('The connection ended without an answer')
  const headers = new Headers(lines.map((line) => line.split(/: ?(.*)/s, 2) as [string, string]))
  const isJson = headers.get('content-type')?.startsWith('application/json')
  return { status, headers, text, body: isJson ? JSON.parse(text) : null }
}
