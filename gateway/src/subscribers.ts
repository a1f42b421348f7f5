import { type Caller, Refusal } from '@channelling/contract'
import { requireScope } from '@channelling/http'
import { type Authenticate, hasKey } from './authentication'
import type { FailedAttempts } from './rate-limit-failures'

/** Who opens a socket: a caller, or null for a screen let in without a key. */
export type AdmitSubscriber = (
  request: Request,
  credential: string | undefined,
  address: () => string,
) => Promise<Caller | null>

export interface SubscriberAccess {
  authenticate: Authenticate
  redeem: (ticket: string) => Promise<Caller>
  failed: FailedAttempts
  /** `open` lets old screens in that know of no key. */
  access: 'key' | 'open'
}

/**
 * Lets a subscriber in by its key, or by a ticket as `access_token`.
 * @throws Refusal as for any key, `ticket_invalid`, `scope_missing`, `rate_limited`
 */
export const createAdmitSubscriber =
  ({ authenticate, redeem, failed, access }: SubscriberAccess): AdmitSubscriber =>
  async (request, credential, address) => {
    if (!hasKey(request.headers)) {
      if (credential) {
        return redeem(credential).catch((error) => {
          throw failed.judge(error, address)
        })
      }
      if (access === 'open') return null
      throw new Refusal('key_missing', 'Send your key in the Finance header, or a ticket as access_token')
    }
    const caller = await authenticate(request.headers, credential, address)
    requireScope(caller, 'notifications:read')
    return caller
  }
