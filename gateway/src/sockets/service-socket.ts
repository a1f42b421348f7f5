import { type Caller, Refusal } from '@channelling/contract'
import { IDENTITY_HEADER, REQUEST_ID_HEADER, signIdentity } from '@channelling/http'
import { reasonNamed, type Seen, TRACEPARENT_HEADER } from '../observation'
import { OPEN_MS_MAX, openSocket, type RemoteService, type ServiceSocket, unavailable } from '../upstreams'
import { SOCKET_PATH } from './operation'

/**
 * What a service may find wrong with a request that was let in. Where it does not believe the gateway, or knows of no socket, that is
 * not the fault of whoever asks.
 */
const OF_THE_REQUEST = new Set([400, 403, 429])

/** What the gateway tells the service of whoever is to be sent events. */
export interface Subscription {
  caller: Caller
  /** `?from=…` as it was asked for, or ``. */
  query: string
  /** The subprotocol asked for, of those that there are. */
  protocol: string | undefined
  seen: Pick<Seen, 'requestId' | 'trace'>
}

/** A socket to the service, and what tells when its replica is found to be down. */
export interface Opened {
  socket: ServiceSocket
  whenDown: (listener: () => void) => () => void
}

/** The query of a request as the service is asked: without a ticket, which is redeemed at the door. */
export function passedQuery(url: string): string {
  const asked = new URL(url).searchParams
  asked.delete('access_token')
  return asked.size === 0 ? '' : `?${asked}`
}

/**
 * Opens a socket to a replica that is up, any of them.
 * @throws Refusal as the service refused it, or `service_unavailable`
 */
export async function openAtService(
  service: Pick<RemoteService, 'forSockets'>,
  secret: string,
  subscription: Subscription,
): Promise<Opened> {
  const { query, protocol } = subscription
  for (const { origin, whenDown } of service.forSockets()) {
    const url = `${origin}${SOCKET_PATH}${query}`
    const headers = headersFor(secret, subscription)
    const socket = await openSocket(url, { headers, protocol })
    if (socket) return { socket, whenDown }
    const refusal = await refusalAt(url, headers, protocol)
    if (refusal) throw refusal
  }
  throw unavailable()
}

function headersFor(secret: string, { caller, seen }: Subscription): Record<string, string> {
  const identity = signIdentity(secret, caller, { method: 'GET', path: SOCKET_PATH }, Date.now())
  return {
    [IDENTITY_HEADER]: identity,
    [REQUEST_ID_HEADER]: seen.requestId,
    [TRACEPARENT_HEADER]: seen.trace.toParent(),
  }
}

/** Why a handshake was refused. The client of a WebSocket is not shown the answer, so that it is asked for once more. */
async function refusalAt(
  url: string,
  headers: Record<string, string>,
  protocol: string | undefined,
): Promise<Refusal | undefined> {
  try {
    const response = await fetch(url, {
      headers: {
        ...headers,
        connection: 'upgrade',
        upgrade: 'websocket',
        'sec-websocket-version': '13',
        'sec-websocket-key': 'cmVmdXNlZCBiZWZvcmU4IQ==',
        ...(protocol !== undefined && { 'sec-websocket-protocol': protocol }),
      },
      redirect: 'manual',
      signal: AbortSignal.timeout(OPEN_MS_MAX),
    })
    if (!OF_THE_REQUEST.has(response.status)) return undefined
    const { reason: name, message, fields } = (await response.json()) as Record<string, unknown>
    const reason = reasonNamed(String(name))
    if (!reason) return undefined
    return new Refusal(reason, String(message), Array.isArray(fields) ? { fields } : {})
  } catch {
    return undefined
  }
}
