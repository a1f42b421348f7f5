import { randomUUID } from 'node:crypto'
import { type Caller, Refusal } from '@channelling/contract'
import { type Log, REQUEST_ID_HEADER, refusalOf, refuse } from '@channelling/http'
import { bearer } from '@elysiajs/bearer'
import { Elysia } from 'elysia'
import type { Feed } from '../feed'
import { createHeartbeats } from '../heartbeats'
import { jsonSocket } from '../json-socket'
import { JSON_PROTOCOL, readHandshake } from '../rules/handshake'
import { textSocket } from '../text-socket'
import { socketQuery, topicsOf } from './stream-query'

/** How long a socket in JSON mode may say nothing. */
const HEARTBEAT_MS = 25_000

/** Who watches without a key, where that is allowed: no client. */
const WITHOUT_KEY = { clientId: 0, access: 'own' } as const

export interface SocketOptions {
  feed: Feed
  /**
   * Establishes who asks to subscribe, by the headers or by the credential: a bearer token or `?access_token=`. Null is a screen let
   * in without one. A Refusal is the answer to the handshake, and no socket opens.
   */
  admit: (request: Request, credential: string | undefined, address: () => string) => Promise<Caller | null>
  /** Wraps what the socket of an admitted request does; a Refusal is the answer to the handshake. Asked right before it opens. */
  attend?: <Events extends object>(request: Request, events: Events) => Events
  /** What the answer that opens a socket says besides. */
  headersOf?: (request: Request) => Headers
  path?: string
  log: Log
  /** What a refusal calls the request; by default what the request is called already, or a new name. */
  requestIdOf?: (request: Request) => string
  /** 25 000 by default. */
  heartbeatMs?: number
  /** How long a socket in JSON mode may read nothing of what waits for it; 3 000 by default. */
  stalledMs?: number
  /** Milliseconds that only ever go forward. */
  elapsed?: () => number
}

/**
 * The socket at `path`, for the application that listens: it has to be its `websocket: socketLimits` too.
 *
 * It is a plain GET that upgrades, not Elysia's `.ws`: that one parses whatever clients send, does not know the
 * `Upgrade: WebSocket` of older clients, and runs its guard twice, which would use up a ticket.
 */
export const sockets = ({
  feed,
  admit,
  attend = (_request, events) => events,
  headersOf = () => new Headers(),
  path = '/ws/notify',
  log,
  requestIdOf = ({ headers }) => headers.get(REQUEST_ID_HEADER) ?? randomUUID(),
  heartbeatMs = HEARTBEAT_MS,
  stalledMs,
  elapsed = () => performance.now(),
}: SocketOptions) => {
  const heartbeats = createHeartbeats({ everyMs: heartbeatMs, elapsed })
  const eventsOf = (wanted: Wanted | null, caller: Caller | null) =>
    wanted
      ? jsonSocket({ ...wanted, caller: caller ?? WITHOUT_KEY, feed, log, heartbeats, elapsed, stalledMs })
      : textSocket(feed, log)

  return new Elysia().use(bearer()).get(
    path,
    async ({ request, server, bearer }) => {
      let letGo = () => {}
      try {
        // before somebody is let in: a ticket is not used up for what cannot be
        const wanted = readHandshake(request.headers) === 'json' ? readWanted(request.url) : null
        const caller = await admit(request, bearer, () => server?.requestIP(request)?.address ?? 'unknown')
        if (!wanted) letGo = await holdPlace(feed)
        const data = attend(request, eventsOf(wanted, caller))
        const headers = headersOf(request)
        if (wanted) headers.set('sec-websocket-protocol', JSON_PROTOCOL)
        if (server?.upgrade(request, { data, headers })) return
        throw new Refusal('invalid_request', 'The WebSocket handshake is not valid')
      } catch (error) {
        const requestId = requestIdOf(request)
        return refuse(refusalOf(error, log, requestId), requestId)
      } finally {
        letGo()
      }
    },
    { detail: { hide: true } },
  )
}

/**
 * Sees to it that the feed follows what happens from before a socket opens: a client in text mode is not told where the stream stood then, and
 * counts on everything that is committed once it is connected.
 */
async function holdPlace(feed: Feed): Promise<() => void> {
  const letGo = feed.attach({ take() {}, end() {} })
  await feed.settled()
  return letGo
}

type Wanted = ReturnType<typeof readWanted>

/**
 * From where a client in JSON mode wants to be told, and of what.
 * @throws Refusal `invalid_request`
 */
function readWanted(url: string) {
  const given = new URL(url).searchParams
  const names = [...new Set(given.keys())]
  const query = Object.fromEntries(
    names.map((name) => {
      const values = given.getAll(name)
      return [name, values.length === 1 ? values[0] : values]
    }),
  )
  const read = socketQuery.safeParse(query)
  if (!read.success) {
    const fields = read.error.issues.map(({ code, path, message }) => ({
      path: ['query', ...path.map(String)].join('.'),
      message: code === 'unrecognized_keys' ? 'has a parameter that the socket does not know' : message,
    }))
    throw new Refusal('invalid_request', 'The request is not valid', { fields })
  }
  return { from: read.data.from ?? null, topics: topicsOf(read.data) }
}
