import { Refusal } from '@channelling/contract'
import { MinuteWindow } from './minute-window'

/** Ten seconds each: addresses are many, and nobody paces failures by them. */
const SLOTS = 6
const NETWORKS_MAX = 10_000

/** How many keys that were never met are looked up in a second for an address that has failed too often. */
const LOOKUPS_A_SECOND = 5

interface Attempts {
  failures: MinuteWindow
  /** Lookups that have not ended. */
  underWay: number
  /** Those beyond the limit, within the second that began then. */
  lookups: number
  secondFrom: number
}

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
 * Limits the failed attempts of each address, and what they cost. Whoever shares an address with a program gone wrong and sends a key
 * that was met before does not notice; one that was never met may have to be sent again.
 * @param limit attempts an address and minute; 0 is no limit
 * @param elapsed milliseconds that only go forward
 */
export function createFailedAttempts(limit: number, elapsed = () => performance.now()) {
  /** In the order of their last failure or lookup. */
  const known = new Map<string, Attempts>()

  function attemptsOf(network: string): Attempts {
    const attempts = known.get(network) ?? {
      failures: new MinuteWindow(SLOTS),
      underWay: 0,
      lookups: 0,
      secondFrom: Number.NEGATIVE_INFINITY,
    }
    known.delete(network)
    if (known.size >= NETWORKS_MAX) known.delete(known.keys().next().value!)
    known.set(network, attempts)
    return attempts
  }

  function takeLookup(attempts: Attempts, now: number): void {
    if (now - attempts.secondFrom >= 1_000) {
      attempts.secondFrom = now
      attempts.lookups = 0
    }
    if (attempts.lookups >= LOOKUPS_A_SECOND) throw tooManyAttempts(1)
    attempts.lookups++
  }

  return {
    /**
     * What to refuse a failed attempt with: what it failed by, or `rate_limited` where the address has failed too often. Requests without a
     * key, and what is no refusal of a key, are let be.
     */
    judge(error: unknown, address: () => string): unknown {
      if (limit === 0 || !(error instanceof Refusal)) return error
      if (error.kind !== 'unauthenticated' || error.reason === 'key_missing') return error
      const { failures } = attemptsOf(networkOf(address()))
      const now = elapsed()
      if (failures.countAt(now) < limit) {
        failures.add(now)
        return error
      }
      return tooManyAttempts(failures.secondsToFewer(now))
    },
    /**
     * Begins the lookup of a key that was never met, which counts as failed until it has ended, so that many at once are no more than
     * one after the other.
     * @returns what to call once it has ended, and was judged where it failed
     * @throws Refusal `rate_limited` where the address has failed too often, and looked up enough within the second
     */
    beginLookup(address: () => string): () => void {
      if (limit === 0) return () => undefined
      const network = networkOf(address())
      const attempts = attemptsOf(network)
      const now = elapsed()
      if (attempts.failures.countAt(now) + attempts.underWay >= limit) takeLookup(attempts, now)
      attempts.underWay++
      return () => {
        attempts.underWay--
        const isResting = attempts.underWay === 0 && attempts.failures.countAt(elapsed()) === 0
        if (isResting && known.get(network) === attempts) known.delete(network)
      }
    },
    /** How many addresses it keeps track of. */
    size: () => known.size,
  }
}

const tooManyAttempts = (retryAfterSeconds: number) =>
  new Refusal('rate_limited', 'Too many attempts with wrong keys from this address', { retryAfterSeconds })

export type FailedAttempts = ReturnType<typeof createFailedAttempts>
