import type { Act } from '@channelling/access'
import type { Caller, Instant } from '@channelling/contract'

/** Where the gateway says the request came from: an address, or `command line`. */
export const ORIGIN_HEADER = 'x-channelling-origin'
export const COMMAND_LINE = 'command line'

/** Whoever can open the control socket of a server: no client and no key, so ids that none has. */
export const NOBODY_ID = 0

/** The act of a request, as the audit notes it. */
export const actOf = (caller: Caller, request: Request, at: Instant): Act => ({
  at,
  clientId: caller.clientId === NOBODY_ID ? null : caller.clientId,
  keyId: caller.keyId === NOBODY_ID ? null : caller.keyId,
  origin: request.headers.get(ORIGIN_HEADER)?.slice(0, 100) || 'unknown',
})
