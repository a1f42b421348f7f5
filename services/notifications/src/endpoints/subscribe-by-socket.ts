import { randomUUID } from 'node:crypto'
import { type Caller, Refusal } from '@channelling/contract'
import { type Log, refusalOf, refuse } from '@channelling/http'
import { bearer } from '@elysiajs/bearer'
import { Elysia } from 'elysia'
import type { Feed } from '../feed'
import { requireHandshake } from '../rules/handshake'
import { textSocket } from '../text-socket'

export interface SocketOptions {
  feed: Feed
  /**
   * Establishes who asks to subscribe, by the headers or by the credential: a bearer token or `?access_token=`. Null is a screen let
   * in without one. A Refusal is the answer to the handshake, and no socket opens.
   */
  admit: (request: Request, credential: string | undefined, address: () => string) => Promise<Caller | null>
  /** Wraps what the socket of an admitted request does; a Refusal is the answer to the handshake. Asked right before it opens. */
  attend?: <Events extends object>(request: Request, events: Events) => Events
  path?: string
  log: Log
  /** What a refusal calls the request. */
  requestIdOf?: (request: Request) => string
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
  path = '/ws/notify',
  log,
  requestIdOf = () => randomUUID(),
}: SocketOptions) =>
  new Elysia().use(bearer()).get(
    path,
    async ({ request, server, bearer }) => {
      try {
        requireHandshake(request.headers)
        await admit(request, bearer, () => server?.requestIP(request)?.address ?? 'unknown')
        if (server?.upgrade(request, { data: attend(request, textSocket(feed, log)) })) return
        throw new Refusal('invalid_request', 'The WebSocket handshake is not valid')
      } catch (error) {
        const requestId = requestIdOf(request)
        return refuse(refusalOf(error, log, requestId), requestId)
      }
    },
    { detail: { hide: true } },
  )
