import type { Keyring } from '@channelling/access'
import { type Caller, Refusal } from '@channelling/contract'
import { requireScope } from '@channelling/http'
import { type Authenticate, hasKey } from '../authentication'
import type { FailedAttempts } from '../limits/failed-attempts'
import type { Holder } from '../limits/places'
import type { RateLimiter } from '../limits/rate-limit'
import { type SeenOf, tellOf } from '../observation'
import type { OriginOf } from '../origin'
import { type OpenSockets, SCREEN_WITHOUT_KEY } from './open-sockets'
import { requirePageOrigin } from './page-origin'

export interface AdmissionOptions {
  authenticate: Authenticate
  redeem: (ticket: string) => Promise<Caller>
  keyring: Pick<Keyring, 'review'>
  failed: FailedAttempts
  /** A handshake is a read. */
  rateLimiter: Pick<RateLimiter, 'quotaOf'>
  /** Learns whose a handshake is. */
  seenOf: SeenOf
  sockets: OpenSockets
  originOf: OriginOf
  corsOrigins: readonly string[]
  /** `open` lets old screens in that know of no key. */
  access: 'key' | 'open'
}

/** The door of the sockets. */
export interface SocketDoor {
  /**
   * Who opens a socket, by its key, or by a ticket as `access_token`.
   * @throws Refusal as for any key, `ticket_invalid`, `scope_missing`, `rate_limited`, `origin_not_allowed`, `too_many_sockets`
   */
  admit(request: Request, credential: string | undefined, peer: () => string): Promise<Caller>
  /**
   * What a socket does whose request was admitted, and counts while it is open. Between this and the opening nothing may be
   * waited for.
   * @throws Refusal `too_many_sockets`
   */
  attend<Events extends object>(request: Request, events: Events): Events
  /** What the answer that opens its socket says besides. */
  headersOf(request: Request): Headers
}

export function createSocketDoor(options: AdmissionOptions): SocketDoor {
  const { authenticate, redeem, keyring, failed, rateLimiter, seenOf, sockets, originOf, corsOrigins, access } = options
  const admitted = new WeakMap<Request, Holder>()

  async function callerOf(request: Request, credential: string | undefined, address: () => string): Promise<Caller> {
    if (hasKey(request.headers)) return letIn(request, await authenticate(request.headers, address))
    if (credential) {
      const caller = await redeem(credential)
        .then(withGoodKey)
        .catch((error) => {
          throw failed.judge(error, address)
        })
      return letIn(request, caller)
    }
    if (access === 'open') return SCREEN_WITHOUT_KEY
    throw new Refusal('key_missing', 'Send your key in the Finance header, or a ticket as access_token')
  }

  /** A ticket is worth no more than the key that it was issued to. */
  async function withGoodKey(caller: Caller): Promise<Caller> {
    const standing = (await keyring.review([caller.keyId]).catch(unread)).get(caller.keyId)!
    if ('refusal' in standing) throw standing.refusal
    return standing.caller
  }

  function letIn(request: Request, caller: Caller): Caller {
    const seen = seenOf(request)
    seen.caller = caller
    const quota = rateLimiter.quotaOf(caller, request.method)
    seen.quota = quota
    quota?.take()
    requireScope(caller, 'notifications:read')
    return caller
  }

  return {
    async admit(request, credential, peer) {
      const address = () => originOf(request.headers, peer())
      requirePageOrigin(request.headers, corsOrigins)
      // before a ticket is used up for nothing
      sockets.requireRoomAt(address())
      const caller = await callerOf(request, credential, address)
      sockets.requireRoomFor(caller)
      admitted.set(request, { caller, address: address() })
      return caller
    },
    attend(request, events) {
      const holder = admitted.get(request)!
      sockets.requireRoomAt(holder.address)
      sockets.requireRoomFor(holder.caller)
      return sockets.counted(holder, events)
    },
    headersOf(request) {
      const headers = new Headers()
      tellOf(seenOf(request), headers)
      return headers
    },
  }
}

const unread = () => {
  throw new Refusal('service_unavailable', 'Keys cannot be checked at present', { retryAfterSeconds: 1 })
}
