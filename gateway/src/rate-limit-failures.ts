import { Refusal } from '@channelling/contract'
import { MinuteWindow } from './rate-limit-window'

/** Ten seconds each: addresses are many, and nobody paces failures by them. */
const SLOTS = 6
const NETWORKS_MAX = 10_000

/**
 * Whose attempts are counted together: an IPv4 address, or the 64 leading bits of an IPv6 address, since whoever has one of those has
 * them all.
 */
export function networkOf(address: string): string {
  if (!address.includes(':')) return address
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(address)
  if (mapped) return mapped[1]!
  const [head = '', tail = ''] = address.split('%')[0]!.split('::')
  const leading = head === '' ? [] : head.split(':')
  const trailing = tail === '' ? [] : tail.split(':')
  const gap = address.includes('::') ? Math.max(0, 8 - leading.length - trailing.length) : 0
  const groups = [...leading, ...new Array<string>(gap).fill('0'), ...trailing].slice(0, 4)
  return `${groups.map((group) => Number.parseInt(group, 16).toString(16)).join(':')}::/64`
}

/**
 * Limits the failed attempts of each address. Only what failed is ever counted or refused: whoever shares an address with a program
 * gone wrong and sends a good key does not notice.
 * @param limit attempts an address and minute; 0 is no limit
 * @param elapsed milliseconds that only go forward
 */
export function createFailedAttempts(limit: number, elapsed = () => performance.now()) {
  /** In the order of their last failure. */
  const known = new Map<string, MinuteWindow>()

  function windowOf(network: string): MinuteWindow {
    const window = known.get(network) ?? new MinuteWindow(SLOTS)
    known.delete(network)
    if (known.size >= NETWORKS_MAX) known.delete(known.keys().next().value!)
    known.set(network, window)
    return window
  }

  return {
    /**
     * What to refuse a failed attempt with: what it failed by, or `rate_limited` where the address has failed too often. Requests without a
     * key, and what is no refusal of a key, are let be.
     */
    judge(error: unknown, address: () => string): unknown {
      if (limit === 0 || !(error instanceof Refusal)) return error
      if (error.kind !== 'unauthenticated' || error.reason === 'key_missing') return error
      const window = windowOf(networkOf(address()))
      const now = elapsed()
      if (window.countAt(now) < limit) {
        window.add(now)
        return error
      }
      return new Refusal('rate_limited', 'Too many attempts with wrong keys from this address', {
        retryAfterSeconds: window.secondsToFewer(now),
      })
    },
    /** How many addresses it keeps track of. */
    size: () => known.size,
  }
}

export type FailedAttempts = ReturnType<typeof createFailedAttempts>
