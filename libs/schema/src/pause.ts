/**
 * Waits until the time is up, or until the signal aborts.
 * @param onBegun is given what ends it early; called later that does nothing
 */
export function pause(
  ms: number,
  signal: AbortSignal,
  onBegun: (end: () => void) => void = () => {},
): Promise<undefined> {
  return new Promise((resolve) => {
    if (signal.aborted || ms <= 0) return resolve(undefined)
    const done = () => {
      clearTimeout(timer)
      signal.removeEventListener('abort', done)
      resolve(undefined)
    }
    const timer = setTimeout(done, ms)
    signal.addEventListener('abort', done)
    onBegun(done)
  })
}
