import WebSocket from 'ws'
import type { Reply } from './reply'
import type { Server } from './server'

/** A subscriber that keeps every frame it is sent. */
export interface Subscriber {
  frames: string[]
  /** Resolves when it has got as many frames as this, or fails when they do not come in time. */
  got(count: number, withinMs?: number): Promise<string[]>
  /** Its close code and reason, once it is closed. */
  closed: Promise<[number, string]>
  close(): void
  /** Breaks the connection without a word. */
  terminate(): void
}

/** The answer to a handshake that opened no socket. */
export class HandshakeRefused extends Error {
  constructor(
    readonly status: number,
    readonly body: Reply['body'],
  ) {
    super(`refused with ${status}`)
  }
}

/**
 * Connects Bun's own client, with the server's key unless told otherwise: under Bun the name `ws` stands for a class of Bun's that has
 * the package's events. What clients see that are not Bun's is told by `plain-client.ts`.
 */
export async function subscribe(
  server: Pick<Server, 'url' | 'key' | 'contract'>,
  {
    key = server.key,
    query = '',
    headers = {},
    protocols = [],
  }: { key?: string | null; query?: string; headers?: Record<string, string>; protocols?: string[] } = {},
): Promise<Subscriber> {
  const url = `${server.url.replace('http', 'ws')}/ws/notify${query}`
  const socket = new WebSocket(url, protocols, { headers: { ...(key !== null && { Finance: key }), ...headers } })
  const frames: string[] = []
  let arrived = () => {}
  socket.on('message', (data, isBinary) => {
    frames.push(isBinary ? '(binary)' : data.toString())
    arrived()
  })
  const closed = new Promise<[number, string]>((resolve) => {
    socket.once('close', (code, reason) => resolve([code, reason.toString()]))
  })
  await new Promise<void>((resolve, reject) => {
    socket.once('open', () => resolve())
    socket.once('unexpected-response', async (_request, response) => {
      const chunks: Buffer[] = []
      for await (const chunk of response) chunks.push(chunk as Buffer)
      const text = Buffer.concat(chunks).toString()
      const status = response.statusCode ?? 0
      try {
        const headers = new Headers(response.headers as Record<string, string>)
        server.contract.check({ method: 'GET', path: pathWithin(server, url), status, headers, text })
        reject(new HandshakeRefused(status, JSON.parse(text)))
      } catch (error) {
        reject(error)
      }
    })
    socket.once('error', reject)
  })
  return {
    frames,
    async got(count, withinMs = 5000) {
      const deadline = Date.now() + withinMs
      while (frames.length < count) {
        const left = deadline - Date.now()
        if (left <= 0) throw new Error(`${frames.length} of ${count} frames came in time`)
        await new Promise<void>((resolve) => {
          const timer = setTimeout(resolve, left)
          arrived = () => {
            clearTimeout(timer)
            resolve()
          }
        })
      }
      return frames
    },
    closed,
    close: () => socket.close(),
    terminate: () => socket.terminate(),
  }
}

/** The path of a URL as the document of the server names it; what is outside of its root is in no document. */
function pathWithin({ contract }: Pick<Server, 'contract'>, url: string): string {
  const root = contract.document.servers[0]!.url.replace(/\/$/, '')
  const { pathname } = new URL(url)
  return pathname.startsWith(`${root}/`) ? pathname.slice(root.length) : `/outside${pathname}`
}
