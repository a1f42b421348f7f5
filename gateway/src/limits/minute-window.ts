export const WINDOW_MS = 60_000

/**
 * What happened within the last minute. It is counted in slots of part of a minute each, so that it takes the same memory however
 * much there is; a slot is forgotten as a whole, a minute after the last of it. So a count is never too low, and what is spaced more
 * widely than the slots is forgotten to the millisecond. Instants are milliseconds that only go forward.
 */
export class MinuteWindow {
  readonly #slotMs: number
  readonly #lastAt: Float64Array
  readonly #counts: Uint32Array
  /** The oldest slot, and how many there are. */
  #first = 0
  #size = 0
  /** When the newest slot began. */
  #begunAt = 0
  #total = 0

  constructor(slots: number) {
    this.#slotMs = WINDOW_MS / slots
    // slots that begin within a minute and one slot: the oldest may have ended only just within the minute
    this.#lastAt = new Float64Array(slots + 2)
    this.#counts = new Uint32Array(slots + 2)
  }

  countAt(now: number): number {
    while (this.#size > 0 && now - this.#lastAt[this.#first]! >= WINDOW_MS) {
      this.#total -= this.#counts[this.#first]!
      this.#first = this.#next(this.#first, 1)
      this.#size--
    }
    return this.#total
  }

  add(now: number): void {
    this.countAt(now)
    if (this.#size === 0 || now - this.#begunAt >= this.#slotMs) {
      this.#begunAt = now
      this.#counts[this.#next(this.#first, this.#size)] = 0
      this.#size++
    }
    const newest = this.#next(this.#first, this.#size - 1)
    this.#lastAt[newest] = now
    this.#counts[newest]!++
    this.#total++
  }

  /** Whole seconds, 1 to 60, after which the count is lower if nothing more happens; 0 where there is nothing to forget. */
  secondsToFewer(now: number): number {
    if (this.countAt(now) === 0) return 0
    return Math.ceil((this.#lastAt[this.#first]! + WINDOW_MS - now) / 1000)
  }

  #next(from: number, by: number): number {
    const place = from + by
    return place >= this.#counts.length ? place - this.#counts.length : place
  }
}
