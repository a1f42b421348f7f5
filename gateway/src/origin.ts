import { BlockList, isIP } from 'node:net'

/** Tells from where a request comes, by its headers and by who is at the other end of its connection. */
export type OriginOf = (headers: Headers, peer: string) => string

/**
 * Behind proxies every connection is theirs, and they name the caller in `X-Forwarded-For`, each adding at its end who spoke to it. Only what
 * a trusted proxy has added is believed, read from the end: whatever stands before the first address that is not a proxy's the caller may
 * have written. Without proxies the header says nothing.
 * @param proxies addresses, `10.0.0.7`, and networks, `10.0.0.0/8`
 */
export function createOriginOf(proxies: readonly string[]): OriginOf {
  if (proxies.length === 0) return (_, peer) => peer
  const trusted = new BlockList()
  for (const proxy of proxies) {
    const [address = '', prefix] = proxy.split('/')
    const family = familyOf(address)
    if (prefix === undefined) trusted.addAddress(address, family)
    else trusted.addSubnet(address, Number(prefix), family)
  }
  const isProxy = (address: string) => trusted.check(address, familyOf(address))

  return (headers, peer) => {
    let origin = peer
    const named = headers.get('x-forwarded-for')?.split(',') ?? []
    while (isIP(origin) !== 0 && isProxy(origin)) {
      const next = named.pop()?.trim()
      if (next === undefined || isIP(next) === 0) break
      origin = next
    }
    return origin
  }
}

const familyOf = (address: string) => (isIP(address) === 6 ? 'ipv6' : 'ipv4')
