import { invalidField } from '@channelling/contract'
import { addressKind, mayReach } from './address'

/** Whether receivers in networks of the hospital's own are allowed, and with them plain HTTP. */
export type OwnNetworks = 'allow' | 'refuse'

export const URL_CHARACTERS_MAX = 2000

/**
 * Reads where a client wants to be told. What is known without asking for the name is judged here; the addresses behind a name are judged
 * at every delivery.
 * @throws Refusal `invalid_request` naming `path`
 */
export function receiverUrl(text: string, own: OwnNetworks, path: string): URL {
  const url = URL.parse(text)
  if (!url) throw invalidField(path, 'must be a URL such as https://app.example.org/hooks')
  if (url.protocol !== 'https:' && !(url.protocol === 'http:' && own === 'allow')) {
    throw invalidField(path, 'must begin with https://')
  }
  if (url.username !== '' || url.password !== '') throw invalidField(path, 'must not hold a user name or password')
  if (url.hash !== '') throw invalidField(path, 'must not hold a fragment')
  if (url.port === '0') throw invalidField(path, 'must name a port that can be reached')
  const address = literalAddress(url)
  if (address !== null && !mayReach(addressKind(address), own)) throw unreachable(path)
  // the names that never mean any other machine, RFC 6761
  if (/(^|\.)localhost\.?$/.test(url.hostname) && own === 'refuse') throw unreachable(path)
  return url
}

export const unreachable = (path: string) =>
  invalidField(path, 'must be reachable on the internet: this address is private or reserved')

/** The address that stands in place of a name in a URL; null where there is a name. */
export function literalAddress({ hostname }: URL): string | null {
  if (hostname.startsWith('[')) return hostname.slice(1, -1)
  return /^\d+\.\d+\.\d+\.\d+$/.test(hostname) ? hostname : null
}
