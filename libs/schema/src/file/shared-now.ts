/**
 * Milliseconds on a clock that goes at the pace of time, and that all threads of this process have in common: what the machine's
 * clock is set by while they run does not move it.
 */
export const sharedNow = (): number => performance.timeOrigin + performance.now()
