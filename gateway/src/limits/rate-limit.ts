import { type Caller, Refusal } from '@channelling/contract'
import { MinuteWindow } from './minute-window'

export interface RateLimits {
  /** Requests a key and minute; 0 is no limit. */
  reads: number
  writes: number
}

/** A second each: headers count in seconds too. */
const SLOTS = 60

/** So many keys are kept track of before those that rest are looked for. */
const KEYS_MIN = 1024

/** What a key may do of one kind, and how much of it is left. */
export class Quota {
  readonly #window = new MinuteWindow(SLOTS)
  readonly #limitText: string

  constructor(
    readonly kind: 'reads' | 'writes',
    readonly limit: number,
    private readonly elapsed: () => number,
  ) {
    this.#limitText = String(limit)
  }

  /** @throws Refusal `rate_limited` */
  take(): void {
    const now = this.elapsed()
    if (this.#window.countAt(now) >= this.limit) {
      throw new Refusal('rate_limited', `This key may make ${this.limit} ${this.kind} a minute`, {
        retryAfterSeconds: this.#window.secondsToFewer(now),
      })
    }
    this.#window.add(now)
  }

  /** Says how it stands, in the headers of an answer. */
  tell(headers: Headers): void {
    const now = this.elapsed()
    headers.set('ratelimit-limit', this.#limitText)
    headers.set('ratelimit-remaining', String(this.limit - this.#window.countAt(now)))
    headers.set('ratelimit-reset', String(this.#window.secondsToFewer(now)))
  }

  isResting(): boolean {
    return this.#window.countAt(this.elapsed()) === 0
  }
}

/**
 * Limits each key's requests: in no minute, wherever it begins, more than so many.
 * @param elapsed milliseconds that only go forward
 */
export function createRateLimiter(limits: RateLimits, elapsed = () => performance.now()) {
  const reads = quotas('reads', limits.reads, elapsed)
  const writes = quotas('writes', limits.writes, elapsed)

  return {
    /** What limits this request; undefined where nothing does. */
    quotaOf: ({ keyId }: Caller, method: string): Quota | undefined =>
      method === 'GET' || method === 'HEAD' ? reads.of(keyId) : writes.of(keyId),
    /** How many quotas it keeps track of. */
    size: () => reads.size() + writes.size(),
  }
}

export type RateLimiter = ReturnType<typeof createRateLimiter>

function quotas(kind: Quota['kind'], limit: number, elapsed: () => number) {
  const known = new Map<number, Quota>()
  let fullAt = KEYS_MIN

  function begin(keyId: number): Quota {
    if (known.size >= fullAt) {
      // one that rests is as good as new
      for (const [id, quota] of known) if (quota.isResting()) known.delete(id)
      fullAt = Math.max(KEYS_MIN, 2 * known.size)
    }
    const quota = new Quota(kind, limit, elapsed)
    known.set(keyId, quota)
    return quota
  }

  return {
    of: (keyId: number): Quota | undefined => (limit === 0 ? undefined : (known.get(keyId) ?? begin(keyId))),
    size: () => known.size,
  }
}
