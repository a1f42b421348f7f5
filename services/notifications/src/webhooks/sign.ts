import { randomBytes } from 'node:crypto'
import type { Instant } from '@channelling/contract'
import { Webhook } from 'standardwebhooks'

/** As Standard Webhooks recommends: 24 to 64 bytes. */
const SECRET_BYTES = 32

export const drawSecret = () => `whsec_${randomBytes(SECRET_BYTES).toString('base64')}`

/**
 * The headers of a message, signed with every secret there is, so that a receiver that knows any of them can verify it.
 * @see https://www.standardwebhooks.com
 */
export function signedHeaders(
  { messageId, body }: { messageId: string; body: string },
  secrets: readonly string[],
  at: Instant,
): Record<string, string> {
  const signatures = secrets.map((secret) => new Webhook(secret).sign(messageId, new Date(at), body))
  return {
    'content-type': 'application/json',
    'user-agent': 'Channelling-Webhooks/1',
    'webhook-id': messageId,
    'webhook-timestamp': String(Math.floor(at / 1000)),
    'webhook-signature': signatures.join(' '),
  }
}
