/** Where NATS is, as its client wants to be told: it takes no credentials out of addresses. */
export interface Addresses {
  servers: string[]
  user?: string
  pass?: string
  token?: string
  /** There where every connection has to be encrypted. */
  tls?: Record<string, never>
}

/**
 * Reads addresses, `nats://host:4222` or `tls://host:4222`, with `user:password@` or `token@` in the first where it takes one.
 * @param urls as the settings have checked them
 */
export function addressesOf(urls: readonly string[]): Addresses {
  const all = urls.map((url) => new URL(url))
  const [first] = all
  const name = decodeURIComponent(first?.username ?? '')
  const password = decodeURIComponent(first?.password ?? '')
  return {
    servers: all.map(({ host }) => host),
    ...(name && password && { user: name, pass: password }),
    ...(name && !password && { token: name }),
    ...(all.some(({ protocol }) => protocol === 'tls:') && { tls: {} }),
  }
}
