/**
 * Whom an address belongs to. `public`: anybody on the internet. `private`: the machine itself or a network of the hospital's own.
 * `forbidden`: nothing that a receiver could have: link-local and metadata addresses, multicast, addresses that only stand for others.
 */
export type AddressKind = 'public' | 'private' | 'forbidden'

type Block = [network: string, bits: number, kind: AddressKind]

/** Of IANA's registry of special addresses, and of what clouds answer their machines at. Whatever is in none of them is public. */
const blocks4: Block[] = [
  ['0.0.0.0', 8, 'forbidden'],
  ['10.0.0.0', 8, 'private'],
  ['100.64.0.0', 10, 'private'],
  // Alibaba's metadata, inside of the block before
  ['100.100.100.200', 32, 'forbidden'],
  ['127.0.0.0', 8, 'private'],
  ['168.63.129.16', 32, 'forbidden'],
  ['169.254.0.0', 16, 'forbidden'],
  ['172.16.0.0', 12, 'private'],
  ['192.0.0.0', 24, 'forbidden'],
  ['192.0.2.0', 24, 'forbidden'],
  ['192.88.99.0', 24, 'forbidden'],
  ['192.168.0.0', 16, 'private'],
  ['198.18.0.0', 15, 'private'],
  ['198.51.100.0', 24, 'forbidden'],
  ['203.0.113.0', 24, 'forbidden'],
  ['224.0.0.0', 3, 'forbidden'],
]

/** Of IPv6 only 2000::/3 is public, less these. */
const blocks6: Block[] = [
  ['::', 0, 'forbidden'],
  ['2000::', 3, 'public'],
  ['2001::', 23, 'forbidden'],
  ['2001:db8::', 32, 'forbidden'],
  ['3fff::', 20, 'forbidden'],
  ['::1', 128, 'private'],
  ['fc00::', 7, 'private'],
  // Amazon's metadata and time, inside of the block before
  ['fd00:ec2::', 32, 'forbidden'],
]

/** IPv6 networks whose addresses hold one of IPv4, and how many bits follow it: that one is judged. */
const embedding: [network: string, bits: number, after: bigint][] = [
  ['::ffff:0:0', 96, 0n],
  ['64:ff9b::', 96, 0n],
  ['2002::', 16, 80n],
]

/** What is not an address is forbidden, too. */
export function addressKind(address: string): AddressKind {
  const four = parse4(address)
  if (four !== null) return kindOf4(four)
  const six = parse6(address)
  if (six === null) return 'forbidden'
  const embedded = embedding.find(([network, bits]) => isWithin(six, parse6(network)!, bits, 128))
  if (embedded) return kindOf4((six >> embedded[2]) & 0xffff_ffffn)
  return kindAmong(blocks6, six, parse6, 128) ?? 'forbidden'
}

const kindOf4 = (address: bigint) => kindAmong(blocks4, address, parse4, 32) ?? 'public'

/** The kind of the narrowest block that holds the address. */
function kindAmong(
  blocks: Block[],
  address: bigint,
  parse: (text: string) => bigint | null,
  width: number,
): AddressKind | undefined {
  const holding = blocks.filter(([network, bits]) => isWithin(address, parse(network)!, bits, width))
  return holding.toSorted(([, a], [, b]) => b - a)[0]?.[2]
}

const isWithin = (address: bigint, network: bigint, bits: number, width: number) =>
  address >> BigInt(width - bits) === network >> BigInt(width - bits)

/** `10.0.0.1` as a number. The other ways of writing it, `0x0a.1`, have been made this one by whoever read the URL. */
function parse4(text: string): bigint | null {
  if (!/^\d{1,3}(\.\d{1,3}){3}$/.test(text)) return null
  const parts = text.split('.').map(Number)
  return parts.every((part) => part <= 255) ? parts.reduce((sum, part) => sum * 256n + BigInt(part), 0n) : null
}

/** `fe80::1`, `::ffff:10.0.0.1`. One with a zone, `fe80::1%eth0`, is none that a receiver could have. */
function parse6(text: string): bigint | null {
  const dotted = /^(.*:)(\d+\.\d+\.\d+\.\d+)$/.exec(text)
  if (dotted) {
    const four = parse4(dotted[2]!)
    if (four === null) return null
    return parse6(`${dotted[1]}${(four >> 16n).toString(16)}:${(four & 0xffffn).toString(16)}`)
  }
  const halves = text.split('::').map((half) => (half === '' ? [] : half.split(':')))
  const [head, tail] = halves
  if (!head || halves.length > 2) return null
  const missing = 8 - head.length - (tail?.length ?? 0)
  if (tail ? missing < 1 : missing !== 0) return null
  const groups = [...head, ...Array<string>(missing).fill('0'), ...(tail ?? [])]
  if (!groups.every((group) => /^[0-9a-f]{1,4}$/i.test(group))) return null
  return groups.reduce((sum, group) => sum * 65_536n + BigInt(`0x${group}`), 0n)
}

/** Networks of the hospital's own may be told to be reachable; nothing makes a forbidden address so. */
export const mayReach = (kind: AddressKind, own: 'allow' | 'refuse') =>
  kind === 'public' || (kind === 'private' && own === 'allow')
