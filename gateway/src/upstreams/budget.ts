/** Of so many requests one may be sent a second time. */
const REQUESTS_PER_RETRY = 10
const SAVED_MAX = 10

/**
 * How many requests may be sent a second time: a share of all, so that a service in trouble is not sent twice as many as it
 * already fails.
 */
export function createRetryBudget() {
  let saved = SAVED_MAX
  return {
    /** A request came. */
    save(): void {
      saved = Math.min(SAVED_MAX, saved + 1 / REQUESTS_PER_RETRY)
    },
    /** Whether one more may be sent again. */
    spend(): boolean {
      if (saved < 1) return false
      saved--
      return true
    },
  }
}
