import { type Caller, Refusal } from '@channelling/contract'
import { type Log, refusalOf, refuse } from '@channelling/http'
import { JSON_PROTOCOL, readHandshake } from '@channelling/notifications'
import { bearer } from '@elysiajs/bearer'
import { Elysia } from 'elysia'
import type { RemoteService } from '../upstreams'
import type { SocketDoor } from './admission'
import { bridge } from './bridge'
import { SOCKET_PATH } from './operation'
import { openAtService, passedQuery, type Subscription } from './service-socket'

export interface PassThroughOptions {
  service: Pick<RemoteService, 'forSockets'>
  door: SocketDoor
  /** By which the service knows the gateway. */
  secret: string
  log: Log
  /** How a request is called, and the trace that it belongs to. */
  seenOf: (request: Request) => Subscription['seen']
}

/**
 * The socket, where the service that feeds it is elsewhere: whoever is let in here is connected through, by a connection of its own. A handshake
 * is answered only once the service has answered it, so that what the service refuses is refused here.
 */
export function passThrough({ service, door, secret, log, seenOf }: PassThroughOptions) {
  async function connect(
    request: Request,
    mode: ReturnType<typeof readHandshake>,
    caller: Caller,
    upgrade: (events: object, protocol: string) => boolean,
  ) {
    const opened = await openAtService(service, secret, {
      caller,
      query: passedQuery(request.url),
      protocol: mode === 'json' ? JSON_PROTOCOL : undefined,
      seen: seenOf(request),
    })
    const { events, abandon } = bridge(opened, log)
    try {
      if (upgrade(door.attend(request, events), opened.socket.protocol)) return
      throw notAHandshake()
    } catch (error) {
      abandon()
      throw error
    }
  }

  return new Elysia().use(bearer()).get(
    SOCKET_PATH,
    async ({ request, server, bearer }) => {
      try {
        // what is no handshake costs the service nothing, nor a ticket
        const mode = readHandshake(request.headers)
        const caller = await door.admit(request, bearer, () => server?.requestIP(request)?.address ?? 'unknown')
        await connect(request, mode, caller, (data, protocol) => {
          const headers = door.headersOf(request)
          if (protocol !== '') headers.set('sec-websocket-protocol', protocol)
          return server?.upgrade(request, { data, headers }) === true
        })
        return
      } catch (error) {
        const { requestId } = seenOf(request)
        return refuse(refusalOf(error, log, requestId), requestId)
      }
    },
    { detail: { hide: true } },
  )
}

const notAHandshake = () => new Refusal('invalid_request', 'The WebSocket handshake is not valid')
