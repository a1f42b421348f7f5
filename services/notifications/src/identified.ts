import type { Caller } from '@channelling/contract'
import { IDENTITY_HEADER, pathOf, requireScope, verifyIdentity } from '@channelling/http'

/**
 * Admits to the sockets of a process whom the gateway has let in, and says who it is; nobody else.
 * @throws Refusal `identity_invalid`, `scope_missing`
 */
export const identified =
  (secret: string) =>
  async ({ headers, url }: Request): Promise<Caller> => {
    const caller = verifyIdentity(
      secret,
      headers.get(IDENTITY_HEADER),
      { method: 'GET', path: pathOf(url) },
      Date.now(),
    )
    requireScope(caller, 'notifications:read')
    return caller
  }
