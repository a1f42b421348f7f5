import type { Unanswered } from './unanswered'

/** Requests in a row that came to nothing before a process is left alone, and for how long at least. */
const BROKEN_MAX = 5
const LEFT_ALONE_MS = 1_000
/** How long nothing is answered before a deadline that passes says something: the request may have waited for its turn until just before. */
const SILENT_MS = 1_000

/** A request that was sent, as `performance.now()` tells instants. */
export interface Sent {
  at: number
  /** When nobody waits for it any more. */
  until: number
  linked: boolean
}

/** Whether a process that lives is to be left alone, by what became of its requests. */
export function createBreaker() {
  let broken = 0
  let answeredAt = 0
  let leftAloneAt: number | undefined

  function speaksAgainstIt({ why }: Unanswered, { at, until, linked }: Sent): boolean {
    // that a link broke is said once, by the next who is refused a connection
    if (why === 'broken') return !linked
    const now = performance.now()
    // what is over before its deadline was ended by the gateway
    return why === 'late' && now >= until && now - Math.max(at, answeredAt) >= SILENT_MS
  }

  return {
    answered(): void {
      broken = 0
      answeredAt = performance.now()
    },
    /** A request came to nothing; whether the process is left alone from now on. */
    failsWith(fault: Unanswered, sent: Sent): boolean {
      if (!speaksAgainstIt(fault, sent) || ++broken < BROKEN_MAX) return false
      leftAloneAt = performance.now()
      return true
    },
    leavesAlone: () => leftAloneAt !== undefined,
    /** Whether it was left alone for long enough to be asked whether it is ready. */
    mayAsk: () => leftAloneAt !== undefined && performance.now() >= leftAloneAt + LEFT_ALONE_MS,
    /** It is up, and begins anew. */
    reset(): void {
      broken = 0
      leftAloneAt = undefined
    },
  }
}
