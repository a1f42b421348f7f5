import { type Caller, type Instant, MINUTE_MS, Refusal } from '@channelling/contract'

export interface RateLimits {
  /** Requests a key and minute; 0 is no limit. */
  reads: number
  writes: number
}

/** Counts each key's requests, minute by minute. */
export function createRateLimiter(limits: RateLimits, clock: () => Instant) {
  let minute = -1
  const counts = new Map<string, number>()

  return {
    /** @throws Refusal `rate_limited` */
    admit(caller: Caller, method: string): void {
      const kind = method === 'GET' || method === 'HEAD' ? 'reads' : 'writes'
      const limit = limits[kind]
      if (limit === 0) return
      const now = clock()
      const current = Math.floor(now / MINUTE_MS)
      if (current !== minute) {
        minute = current
        counts.clear()
      }
      const name = `${kind} ${caller.keyId}`
      const count = (counts.get(name) ?? 0) + 1
      if (count > limit) {
        const retryAfterSeconds = Math.ceil(((current + 1) * MINUTE_MS - now) / 1000)
        throw new Refusal('rate_limited', `This key may make ${limit} ${kind} a minute`, { retryAfterSeconds })
      }
      counts.set(name, count)
    },
  }
}

export type RateLimiter = ReturnType<typeof createRateLimiter>
