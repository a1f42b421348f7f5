/** How long things may take, in ms. */
export interface Patience {
  /** The wait before the first attempt after a connection ended: from this to twice this. */
  retryMin: number
  /** No wait is longer than this, unless the server asks for more. */
  retryMax: number
  /** Without a frame for so long, the connection counts as dead. The server says something every 25 s. */
  silence: number
  /** From the attempt to connect until `hello`. */
  handshake: number
}

export const patience: Patience = { retryMin: 250, retryMax: 8_000, silence: 60_000, handshake: 15_000 }

/**
 * How much longer each wait is than the one before. The last one is then about a fifth of the time since the connection ended, so that a
 * server that was away for 20 s has everybody back within 5, and one that was away for long within 8.
 */
const GROWTH = 1.25

/**
 * How long to wait after so many failures in a row, by chance between half of the most and the most, so that those who lost one server do not all
 * come back at one moment.
 * @param failures from 1
 * @param chance from 0 to 1
 */
export function retryAfter(failures: number, chance: number, { retryMin, retryMax }: Patience): number {
  const atMost = Math.min(retryMax, 2 * retryMin * GROWTH ** (failures - 1))
  return Math.round((atMost / 2) * (1 + chance))
}

/** Waits, or returns early once it is no longer wanted. */
export function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) return resolve()
    const done = () => {
      clearTimeout(timer)
      signal.removeEventListener('abort', done)
      resolve()
    }
    const timer = setTimeout(done, ms)
    signal.addEventListener('abort', done)
  })
}
