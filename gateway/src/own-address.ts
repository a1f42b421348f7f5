import type { Settings } from '@channelling/settings'

type Listening = Pick<Settings, 'HOST' | 'CONTEXT_ROOT' | 'TLS_CERT'>

/**
 * Where this machine reaches what listens by these settings on a port. It is an address where `HOST` stands for several, since a name leads
 * to whoever has the same port of the other protocol: `localhost` to somebody on `::1`, while we listen on 0.0.0.0.
 */
export const ownAddress = ({ HOST, CONTEXT_ROOT, TLS_CERT }: Listening, port: number): string =>
  `${TLS_CERT ? 'https' : 'http'}://${hostOf(HOST)}:${port}${CONTEXT_ROOT}`

function hostOf(host: string): string {
  if (host === '0.0.0.0' || host === 'localhost') return '127.0.0.1'
  if (host === '::') return '[::1]'
  return host.includes(':') ? `[${host}]` : host
}
