import { STATUS_CODES } from 'node:http'
import type { Reply, Server } from './server'

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

async function stand(server: Server, { method, path, body, key = server.key, headers }: Asked): Promise<Caller> {
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
  const sent = body === undefined ? '' : JSON.stringify(body)
  const fields = {
    host: `127.0.0.1:${server.port}`,
    connection: 'close',
    ...(key !== null && { Finance: key }),
    ...(body !== undefined && { 'content-type': 'application/json', 'content-length': Buffer.byteLength(sent) }),
    ...headers,
  }
  const head = Object.entries(fields).map(([name, value]) => `${name}: ${value}\r\n`)
  const { pathname, search } = new URL(`${server.url}${path}`)
  return {
    send: () => socket.write(`${method} ${pathname}${search} HTTP/1.1\r\n${head.join('')}\r\n${sent}`),
    answered,
  }
}

function readReply(heard: string): Reply {
  const [head, text] = [heard.slice(0, heard.indexOf('\r\n\r\n')), heard.slice(heard.indexOf('\r\n\r\n') + 4)]
  const [first, ...lines] = head.split('\r\n')
  const status = Number(/^HTTP\/1\.1 (\d{3})/.exec(first ?? '')?.[1])
  if (!(status in STATUS_CODES)) throw new Error('The connection ended without an answer')
  const headers = new Headers(lines.map((line) => line.split(/: ?(.*)/s, 2) as [string, string]))
  return { status, headers, text, body: JSON.parse(text) }
}
