import { Refusal } from '@channelling/contract'

/**
 * Whether a page may open a socket: one from this very host, or of an origin that the operator named. A browser lets any page
 * try, with whatever ticket it holds, and asks nobody beforehand. Who sends no Origin is no browser.
 * @throws Refusal `origin_not_allowed`
 */
export function requirePageOrigin(headers: Headers, corsOrigins: readonly string[]): void {
  const origin = headers.get('origin')
  if (origin === null || corsOrigins.includes('*') || corsOrigins.includes(origin)) return
  if (isOwn(origin, headers.get('host') ?? '')) return
  throw new Refusal('origin_not_allowed', 'Pages of this origin may not open sockets here')
}

/** The scheme is the page's: who ends TLS before the server hides it. A port may be said or left out where it is the usual one. */
function isOwn(origin: string, host: string): boolean {
  if (!/^https?:\/\//.test(origin) || !URL.canParse(origin)) return false
  const page = new URL(origin)
  const here = `${page.protocol}//${host}`
  return page.origin === origin && URL.canParse(here) && new URL(here).host === page.host
}
