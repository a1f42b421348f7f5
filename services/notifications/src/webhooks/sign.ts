import { randomBytes } from 'node:crypto'
import { Webhook } from 'standardwebhooks'

/** As Standard Webhooks recommends: 24 to 64 bytes. */
const SECRET_BYTES = 32

export const drawSecret = () => `whsec_${randomBytes(SECRET_BYTES).toString('base64')}`

/**
 * The headers of a message that is sent now, signed with every secret there is, so that a receiver that knows any of them can verify it.
 * Its time is the machine's and not the hospital's, which goes on where the machine's was set back: receivers hold it against theirs.
 * @see https://www.standardwebhooks.com
 */
export function signedHeaders(
  { messageId, body }: { messageId: string; body: string },
  secrets: readonly string[],
): Record<string, string> {
  const at = new Date()
  const signatures = secrets.map((secret) => new Webhook(secret).sign(messageId, at, body))
  return {
    'content-type': 'application/json',
    'user-agent': 'Channelling-Webhooks/1',
    'webhook-id': messageId,
    'webhook-timestamp': String(Math.floor(at.getTime() / 1000)),
    'webhook-signature': signatures.join(' '),
  }
}
