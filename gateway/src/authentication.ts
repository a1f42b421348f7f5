import type { Keyring } from '@channelling/access'
import { type Caller, Refusal } from '@channelling/contract'

/** Whether a request carries a key in a header, right or wrong. */
export const hasKey = (headers: Headers): boolean => headers.has('finance') || headers.has('authorization')

/**
 * The key of a request: the `Finance` header, or a bearer token in its place.
 * @throws Refusal `key_missing`, `key_ambiguous`
 */
export function keyOf(headers: Headers, bearer: string | undefined): string {
  const finance = headers.get('finance') || undefined
  const token = headers.has('authorization') ? bearer : undefined
  // the server joins a repeated header with a comma, which no key holds
  if (finance?.includes(',') || (finance && token && finance !== token)) {
    throw new Refusal('key_ambiguous', 'Two keys were sent; send one')
  }
  const key = finance ?? token
  if (!key) throw new Refusal('key_missing', 'Send your key in the Finance header')
  return key
}

/** Establishes who calls. A key that cannot be checked is refused. */
export const createAuthentication =
  (keyring: Keyring) =>
  (headers: Headers, bearer: string | undefined): Caller | Promise<Caller> =>
    keyring.verify(keyOf(headers, bearer))

export type Authenticate = ReturnType<typeof createAuthentication>
