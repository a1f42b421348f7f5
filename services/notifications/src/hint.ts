import { pause } from '@channelling/schema'

/** That something may have happened, for a loop that looks now and then: it ends the rest between two looks. */
export interface Hint {
  /** May be given any number of times. */
  give(): void
  /** Before a look: what was hinted at so far will be seen by it. */
  take(): void
  /** Waits until the time is up, until the signal aborts, or until there is a hint that was not taken. */
  rest(ms: number, signal: AbortSignal): Promise<void>
}

export function createHint(): Hint {
  let given = false
  let rouse = () => {}
  return {
    give() {
      given = true
      rouse()
    },
    take() {
      given = false
    },
    async rest(ms, signal) {
      if (given) return
      await pause(ms, signal, (end) => {
        rouse = end
      })
    },
  }
}
