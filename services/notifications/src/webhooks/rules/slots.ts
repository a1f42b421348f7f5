/** Attempts under way at once, of one webhook. One that keeps failing is given one at a time. */
export const OF_ONE_MAX = 8
/** Of all together. Bun makes 256 requests at once in a process, whoever they are for. */
export const OF_ALL_MAX = 96
/** Beyond this many, whoever has one under way does not get another. */
const SHARED_MAX = 32
/** Of the webhooks that keep failing, all together: what hangs never takes every slot. */
const OF_FAILING_MAX = 48

export interface UnderWay {
  /** Of this webhook. */
  own: number
  ofFailing: number
  ofAll: number
}

/**
 * Whether one more attempt may begin. A webhook that has none under way waits for no other one, unless 48 failing webhooks hang, then only if it
 * fails itself, or 96 do.
 */
export function mayBegin({ own, ofFailing, ofAll }: UnderWay, failing: boolean): boolean {
  if (ofAll >= OF_ALL_MAX) return false
  if (failing) return own === 0 && ofFailing < OF_FAILING_MAX
  return own === 0 || (own < OF_ONE_MAX && ofAll < SHARED_MAX)
}
