import { Refusal } from '@channelling/contract'

/** The subprotocol that asks for JSON instead of text. */
export const JSON_PROTOCOL = 'channelling.v1+json'

/** 16 bytes in base64. */
const key = /^[A-Za-z\d+/]{22}==$/

/** What a socket speaks: the texts that old screens know, or JSON. */
export type Mode = 'text' | 'json'

/**
 * What a request has to bring to become a socket, and what it asks to be told in. Old clients write `Upgrade: WebSocket`, so letter case
 * does not matter. A client that offers a protocol of its own is answered in text.
 * @throws Refusal `invalid_request`
 */
export function readHandshake(headers: Headers): Mode {
  if (headers.get('upgrade')?.toLowerCase() !== 'websocket') {
    throw new Refusal('invalid_request', 'This path speaks WebSocket only')
  }
  // what Bun does not open for, and answers by itself
  if (headers.get('sec-websocket-version') !== '13' || !key.test(headers.get('sec-websocket-key') ?? '')) {
    throw new Refusal('invalid_request', 'The WebSocket handshake is not valid: it needs version 13 and a key')
  }
  const offered = headers.get('sec-websocket-protocol')?.split(',') ?? []
  return offered.some((protocol) => protocol.trim() === JSON_PROTOCOL) ? 'json' : 'text'
}
