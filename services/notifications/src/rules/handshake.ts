import { Refusal } from '@channelling/contract'

/** The subprotocol that asks for JSON instead of text. */
export const JSON_PROTOCOL = 'channelling.v1+json'

/**
 * What a request has to bring to become a socket in text mode. Old clients write `Upgrade: WebSocket`, so letter case does
 * not matter. A client that offers a protocol of its own is still answered in text; one that asks for JSON is not, since it
 * could not read it.
 * @throws Refusal `invalid_request`
 */
export function requireHandshake(headers: Headers): void {
  if (headers.get('upgrade')?.toLowerCase() !== 'websocket' || !headers.has('sec-websocket-key')) {
    throw new Refusal('invalid_request', 'This path speaks WebSocket only')
  }
  const offered = headers.get('sec-websocket-protocol')?.split(',') ?? []
  if (offered.some((protocol) => protocol.trim() === JSON_PROTOCOL)) {
    throw new Refusal('invalid_request', 'This server sends text frames only: connect without a subprotocol')
  }
}
