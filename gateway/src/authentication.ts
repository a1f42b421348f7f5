import type { Keyring } from '@channelling/access'
import { type Caller, Refusal } from '@channelling/contract'
import type { FailedAttempts } from './limits/failed-attempts'

/** Whether a request carries a key in a header, right or wrong. A password for a proxy before the gateway is none. */
export const hasKey = (headers: Headers): boolean =>
  Boolean(headers.get('finance')) || tokenOf(headers.get('authorization')) !== undefined

/**
 * The key of a request: the `Finance` header, or a bearer token in its place.
 * @throws Refusal `key_missing`, `key_ambiguous`
 */
export function keyOf(headers: Headers): string {
  const finance = headers.get('finance') || undefined
  const token = tokenOf(headers.get('authorization'))
  // the server joins a repeated header with a comma, which no key holds
  if (finance?.includes(',') || token?.includes(',') || (finance && token && finance !== token)) {
    throw new Refusal('key_ambiguous', 'Two keys were sent; send one')
  }
  const key = finance ?? token
  if (!key) throw new Refusal('key_missing', 'Send your key in the Finance header')
  return key
}

/**
 * The bearer token of an Authorization header, the name of the scheme in any letters. The plugin knows it as `Bearer` alone, looks for
 * tokens in the address, where no key has any business, and makes objects of every header and parameter for that.
 */
const tokenOf = (authorization: string | null): string | undefined =>
  authorization === null ? undefined : /^bearer +(.*)$/i.exec(authorization)?.[1]

/**
 * Establishes who calls. A key that cannot be checked is refused; an address that fails too often is told so instead, and few of the
 * keys that it sends are looked up unless they were met before.
 * @throws Refusal (or rejects with it) as `keyOf` and `Keyring.verify` do, and `rate_limited`
 */
export const createAuthentication =
  (keyring: Pick<Keyring, 'verify'>, failed: FailedAttempts) =>
  (headers: Headers, address: () => string): Caller | Promise<Caller> => {
    let endLookup: (() => void) | undefined
    try {
      const verified = keyring.verify(keyOf(headers), () => {
        endLookup = failed.beginLookup(address)
      })
      if (!(verified instanceof Promise)) return verified
      return verified
        .catch((error) => {
          throw failed.judge(error, address)
        })
        .finally(() => endLookup?.())
    } catch (error) {
      throw failed.judge(error, address)
    }
  }

export type Authenticate = ReturnType<typeof createAuthentication>
