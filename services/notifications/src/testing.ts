/** What the tests of this service stand on: a private database file, a real server, real sockets. */
import { mkdtempSync, rmSync } from 'node:fs'
import { Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Caller, createCalendar, type EventType, type NewEvent } from '@channelling/contract'
import { createLog } from '@channelling/http'
import { type Database, open } from '@channelling/schema'
import { client } from '@channelling/schema/access'
import { appendEvents } from '@channelling/schema/outbox'
import { Elysia } from 'elysia'
import { createFeed, type Feed, type SocketOptions, socketLimits, sockets } from './index'
import { JSON_PROTOCOL } from './rules/handshake'

export const NOON = Date.UTC(2026, 4, 18, 6, 30)

export const calendar = createCalendar('Asia/Colombo')

export const aCaller = (over: Partial<Caller> = {}): Caller => ({
  clientId: 1,
  keyId: 1,
  access: 'own',
  scopes: ['notifications:read'],
  ...over,
})

export const anEvent = (type: EventType, sessionId: number, over: Partial<NewEvent> = {}): NewEvent => ({
  type,
  sessionId,
  bookingId: null,
  clientId: null,
  at: NOON,
  payload: {},
  ...over,
})

/** A log that keeps its lines. */
export function keptLog() {
  const lines: { level: string; msg: string; [field: string]: unknown }[] = []
  const log = createLog('debug', 'notifications', { write: (line) => void lines.push(JSON.parse(line)) })
  return { log, lines }
}

/** A database file of its own, with client 1, gone with `close`. */
export async function aDatabase(): Promise<{ database: Database; close(): Promise<void> }> {
  const folder = mkdtempSync(join(tmpdir(), 'notifications-'))
  const database = await open({ url: `file:${join(folder, 'test.db')}` })
  await database.write([database.query.insert(client).values({ name: 'Front desk', access: 'own', createdAt: NOON })])
  return {
    database,
    async close() {
      await database.close()
      rmSync(folder, { recursive: true })
    },
  }
}

export interface Stage {
  database: Database
  feed: Feed
  lines: ReturnType<typeof keptLog>['lines']
  port: number
  /** Commits events in one write, and gives the feed the hint. */
  happen(...events: NewEvent[]): Promise<void>
  close(): Promise<void>
}

/** A server with the socket and a feed that has started. */
export async function startStage(
  admit: SocketOptions['admit'] = async () => aCaller(),
  options: Partial<SocketOptions> = {},
  readingTakesMs = 0,
): Promise<Stage> {
  const { database, close } = await aDatabase()
  const { log, lines } = keptLog()
  const slow: Pick<Database, 'read' | 'readAll'> = {
    read: (sql, args) => Bun.sleep(readingTakesMs).then(() => database.read(sql, args)),
    readAll: (statements) => Bun.sleep(readingTakesMs).then(() => database.readAll(statements)),
  }
  const feed = createFeed({ database: readingTakesMs > 0 ? slow : database, calendar, log })
  await feed.start()
  const app = new Elysia({ websocket: socketLimits })
    .use(sockets({ feed, admit, log, ...options }))
    .listen({ port: 0, hostname: '127.0.0.1' })
  const server = app.server!
  return {
    database,
    feed,
    lines,
    port: server.port!,
    async happen(...events) {
      await database.write(appendEvents(events))
      feed.wake()
    },
    async close() {
      await feed.close()
      await server.stop(true)
      await close()
    },
  }
}

/** A client in JSON mode that keeps its frames. */
export async function listen(port: number, query = '') {
  const socket = new WebSocket(`ws://127.0.0.1:${port}/ws/notify${query}`, JSON_PROTOCOL)
  // biome-ignore lint/suspicious/noExplicitAny: frames are asserted on, whatever they hold
  const frames: any[] = []
  let told = () => {}
  socket.onmessage = ({ data }) => {
    frames.push(JSON.parse(data))
    told()
  }
  const closed = new Promise<number>((resolve) => {
    socket.onclose = ({ code }) => {
      resolve(code)
      told()
    }
  })
  await new Promise<void>((resolve, reject) => {
    socket.onopen = () => resolve()
    socket.onerror = () => reject(new Error('the socket did not open'))
  })
  return {
    socket,
    frames,
    closed,
    /** Breaks the connection without a word. */
    cut: () => (socket as WebSocket & { terminate(): void }).terminate(),
    /** All frames so far, as soon as `found` is satisfied with them or the socket is closed. */
    until: (found: (all: typeof frames) => boolean) =>
      new Promise<typeof frames>((resolve) => {
        told = () => {
          if (found(frames) || socket.readyState === WebSocket.CLOSED) resolve(frames)
        }
        told()
      }),
  }
}

/** A screen: a WebSocket client that keeps what it is told. */
export async function watch(port: number, path = '/ws/notify') {
  const socket = new WebSocket(`ws://127.0.0.1:${port}${path}`)
  const frames: unknown[] = []
  let told = () => {}
  socket.onmessage = ({ data }) => {
    frames.push(data)
    told()
  }
  const closed = new Promise<number>((resolve) => {
    socket.onclose = ({ code }) => resolve(code)
  })
  await new Promise<void>((resolve, reject) => {
    socket.onopen = () => resolve()
    socket.onerror = () => reject(new Error('the socket did not open'))
  })
  return {
    socket,
    frames,
    /** The close code, once it is closed. */
    closed,
    /** All frames so far, as soon as this one is the last of them. */
    until: (last: string) =>
      new Promise<unknown[]>((resolve) => {
        told = () => {
          if (frames.at(-1) === last) resolve(frames)
        }
        told()
      }),
  }
}

/** A subscriber of the plainest kind: a TCP connection that shook hands; reading is up to the test. */
export async function connectByHand(port: number, headers: string[] = ['Upgrade: websocket'], path = '/ws/notify') {
  const socket = new Socket()
  const received: Buffer[] = []
  let told = () => {}
  socket.on('data', (chunk: Buffer) => {
    received.push(chunk)
    told()
  })
  socket.on('error', () => {})
  const closed = new Promise<void>((resolve) => void socket.on('close', () => resolve()))
  const lines = [
    `GET ${path} HTTP/1.1`,
    'Host: localhost',
    'Connection: Upgrade',
    'Sec-WebSocket-Version: 13',
    'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==',
    ...headers,
  ]
  socket.connect(port, '127.0.0.1', () => socket.write(`${lines.join('\r\n')}\r\n\r\n`))
  const whole = () => Buffer.concat(received)
  /** Everything received, as soon as `found` is satisfied with it. */
  const until = (found: (bytes: Buffer) => boolean) =>
    new Promise<Buffer>((resolve) => {
      told = () => {
        if (found(whole())) resolve(whole())
      }
      told()
    })
  const answer = await until((bytes) => bytes.includes('\r\n\r\n'))
  const end = answer.indexOf('\r\n\r\n') + 4
  return {
    socket,
    closed,
    head: answer.subarray(0, end).toString(),
    /** The bytes after the handshake, as soon as there are this many. */
    bytes: async (count: number) => (await until((bytes) => bytes.length >= end + count)).subarray(end),
  }
}
