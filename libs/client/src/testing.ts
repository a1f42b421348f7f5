/** A server for faults that a real one cannot be asked for: it says what it is told to, and fails when it is told to. */
import type { Server, ServerWebSocket } from 'bun'
import type { ChannellingEvent, Ending, Resync, SubscribeOptions, SubscriptionState } from './index'
import type { Patience } from './patience'
import { subscribeWith } from './subscribe'

/** A handshake that arrived. */
export interface Handshake {
  from: string | null
  query: URLSearchParams
  headers: Headers
}

export type FakeSocket = ServerWebSocket<Handshake>

export interface FakeServer {
  url: string
  /** Everything there is, in order. */
  events: ChannellingEvent[]
  /** Set anew, it is the server after a restore. */
  epoch: string
  handshakes: Handshake[]
  /** Paths of the plain requests. */
  asked: string[]
  sockets: Set<FakeSocket>
  /** What plain requests and handshakes are answered with, in place of being let in. */
  refusal: { status: number; reason: string; headers?: Record<string, string> } | null
  /** In place of what a server says to somebody who has connected. */
  welcome: ((socket: FakeSocket) => void) | null
  /** Commits events, and tells every socket. */
  happen(count: number, sessionId?: number): void
  /** Cuts every connection, without a close frame. */
  cut(): void
  stop(): Promise<void>
  [Symbol.asyncDispose](): Promise<void>
}

export const anEvent = (seq: number, sessionId = 12): ChannellingEvent => ({
  seq,
  type: 'booking.completed',
  sessionId,
  consultantId: 3,
  bookingId: 900 + seq,
  at: '2026-05-18 09:30:00',
})

export const say = (socket: FakeSocket, frame: object) => void socket.send(JSON.stringify(frame))

export function startFakeServer(): FakeServer {
  const last = () => fake.events.at(-1)?.seq ?? 0
  const wants = ({ query }: Handshake, { sessionId }: ChannellingEvent) => {
    const named = query.get('sessionId')
    return named === null || named.split(',').includes(String(sessionId))
  }

  function welcome(socket: FakeSocket): void {
    const { epoch } = fake
    const seq = last()
    say(socket, { type: 'hello', epoch, seq })
    const { from } = socket.data
    if (from === null) return
    const [ofEpoch, after] = [from.slice(0, from.lastIndexOf(':')), Number(from.slice(from.lastIndexOf(':') + 1))]
    if (ofEpoch !== epoch || after > seq) {
      say(socket, { type: 'resync', epoch, seq })
      return
    }
    for (const event of fake.events) if (event.seq > after && wants(socket.data, event)) say(socket, event)
    say(socket, { type: 'recovered', epoch, seq })
  }

  const listener: Server<Handshake> = Bun.serve<Handshake>({
    port: 0,
    hostname: '127.0.0.1',
    fetch(request, server) {
      const { pathname, searchParams: query } = new URL(request.url)
      const handshake = { from: query.get('from'), query, headers: request.headers }
      if (pathname !== '/root/ws/notify') fake.asked.push(pathname)
      else fake.handshakes.push(handshake)
      if (fake.refusal) {
        const { status, reason, headers } = fake.refusal
        return Response.json({ status: 'error', code: status, reason }, { status, headers })
      }
      const headers = { 'sec-websocket-protocol': 'channelling.v1+json' }
      if (server.upgrade(request, { data: handshake, headers })) return
      return Response.json({ status: 'success', code: 200, data: {} })
    },
    websocket: {
      open(socket) {
        fake.sockets.add(socket)
        ;(fake.welcome ?? welcome)(socket)
      },
      message() {},
      close(socket) {
        fake.sockets.delete(socket)
      },
    },
  })

  const fake: FakeServer = {
    url: `http://127.0.0.1:${listener.port}/root`,
    events: [],
    epoch: 'one',
    handshakes: [],
    asked: [],
    sockets: new Set(),
    refusal: null,
    welcome: null,
    happen(count, sessionId) {
      for (let index = 0; index < count; index++) {
        const event = anEvent(last() + 1, sessionId)
        fake.events.push(event)
        for (const socket of fake.sockets) if (wants(socket.data, event)) say(socket, event)
      }
    },
    cut() {
      for (const socket of fake.sockets) socket.terminate()
    },
    stop: () => listener.stop(true),
    [Symbol.asyncDispose]: () => listener.stop(true),
  }
  return fake
}

/** As patient as the real one, in a hundredth of the time. */
export const hasty: Patience = { retryMin: 5, retryMax: 60, silence: 300, handshake: 200 }

/** A subscriber that keeps what it is told. */
export function listen(server: { url: string }, given: Partial<SubscribeOptions> = {}, patience: Patience = hasty) {
  const seqs: number[] = []
  const resyncs: Resync[] = []
  const states: SubscriptionState[] = []
  const credential = given.ticket ? {} : { key: 'chk_live_test' }
  const subscription = subscribeWith(patience, {
    url: server.url,
    ...credential,
    onEvent: (event: ChannellingEvent) => void seqs.push(event.seq),
    onResync: (resync: Resync) => void resyncs.push(resync),
    onState: (state: SubscriptionState) => void states.push(state),
    ...given,
  } as SubscribeOptions)
  return {
    subscription,
    seqs,
    resyncs,
    states,
    /** How often it got into a state. */
    times: (name: SubscriptionState['state']) => states.filter(({ state }) => state === name).length,
    async close(): Promise<Ending> {
      subscription.close()
      return subscription.closed
    },
  }
}

/** Resolves once something holds, or fails. */
export async function until(holds: () => boolean, withinMs = 5000): Promise<void> {
  const deadline = Date.now() + withinMs
  while (!holds()) {
    if (Date.now() > deadline) throw new Error(`It did not come to be: ${holds}`)
    await Bun.sleep(2)
  }
}

export const upTo = (last: number, first = 1) => Array.from({ length: last - first + 1 }, (_, index) => first + index)
