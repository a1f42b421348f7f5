import type { Log } from './log'

const LONG_MS = 3_000

/** The start of a process, step by step. */
export interface Start {
  /** Begins a step; `what` is in words for whoever looks at the log. */
  at(what: string): void
  /** It has started, or could not. */
  end(): void
}

/** Has a start that takes long say which step it is at, once for each: one that waits would hang in silence. */
export function watchStart(log: Log): Start {
  let step: string | undefined
  const timer = setInterval(() => {
    if (step === undefined) return
    log.warn({ what: step }, 'the start takes long')
    step = undefined
  }, LONG_MS)
  return {
    at(what) {
      step = what
    },
    end: () => clearInterval(timer),
  }
}
