import type { Keyring, Standing } from '@channelling/access'
import type { Caller, Instant } from '@channelling/contract'
import { described, type Log } from '@channelling/http'
import type { Ending, OpenSockets } from './open-sockets'

/** How often the keys that hold sockets are looked up: another process's change is seen within a second. */
const EVERY_MS = 750

/** The key is not good any more; the reason of the contract is said beside it. */
const KEY_FAILED = 4401
/** RFC 6455: try again. */
const TRY_AGAIN = 1013

export interface KeyWatchOptions {
  keyring: Pick<Keyring, 'review' | 'onChange'>
  sockets: Pick<OpenSockets, 'keyIds' | 'judge'>
  clock: () => Instant
  log: Log
  everyMs?: number
}

/**
 * Closes the sockets of keys that would not be let in any more: at once after a change in this process, at the instant at which a
 * key expires or its rotation ends, and within a second after a change by another process. While the database cannot be read the sockets stay
 * open: there is nothing to tell them of either.
 */
export function watchKeys({ keyring, sockets, clock, log, everyMs = EVERY_MS }: KeyWatchOptions): { close(): void } {
  let timer: Timer | undefined
  let reviewing = false
  let changed = false
  let closed = false

  async function review(): Promise<void> {
    clearTimeout(timer)
    reviewing = true
    let next = everyMs
    do {
      changed = false
      next = await judgeAll().catch((error) => {
        log.error(described(error), 'the keys of open sockets could not be read; trying again')
        return everyMs
      })
    } while (changed)
    reviewing = false
    if (!closed) timer = setTimeout(review, next)
  }

  /** @returns after how many ms to look again */
  async function judgeAll(): Promise<number> {
    const keyIds = sockets.keyIds()
    if (keyIds.length === 0) return everyMs
    const standings = await keyring.review(keyIds)
    let next = everyMs
    for (const [keyId, standing] of standings) {
      sockets.judge(keyId, (caller) => endingFor(caller, standing))
      if ('until' in standing) next = Math.min(next, standing.until - clock())
    }
    return Math.max(0, next)
  }

  keyring.onChange(() => {
    if (reviewing) changed = true
    else if (!closed) void review()
  })
  timer = setTimeout(review, everyMs)
  return {
    close() {
      closed = true
      clearTimeout(timer)
    },
  }
}

function endingFor(caller: Caller, standing: Standing): Ending | undefined {
  if ('refusal' in standing) return { code: KEY_FAILED, reason: standing.refusal.reason }
  if (!standing.caller.scopes.includes('notifications:read')) return { code: KEY_FAILED, reason: 'scope_missing' }
  // what it is told depends on it
  if (standing.caller.access !== caller.access) return { code: TRY_AGAIN, reason: 'The access of the client changed' }
  return undefined
}
