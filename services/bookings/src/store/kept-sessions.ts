import type { Session } from '../rules/session'
import type { World } from '../rules/world'

const SESSIONS_MAX = 20_000

/**
 * Sessions as the bookings that were saved last left them, so that a session much asked for is not read anew for every group. It
 * serves where every writer is in this process: whoever else changes a session, or what is shown with it, says so before that is
 * acknowledged.
 */
export interface KeptSessions {
  find(id: number): Session | undefined
  /** Begins a reading; `keep` takes what was made of it, once that is saved, unless anything was forgotten since. */
  begin(): (saved: World) => void
  forgetAll(): void
}

export function createKeptSessions(): KeptSessions {
  const kept = new Map<number, Session>()
  let forgotten = 0

  return {
    find: (id) => kept.get(id),
    begin() {
      const before = forgotten
      return ({ sessions, changes }) => {
        if (forgotten !== before) return
        for (const [id, readAt] of changes.seats) {
          const session = sessions.get(id)!
          if (kept.size >= SESSIONS_MAX) kept.delete(kept.keys().next().value!)
          kept.set(id, { ...session, seats: { ...session.seats, version: readAt + 1 } })
        }
      }
    },
    forgetAll() {
      forgotten++
      kept.clear()
    },
  }
}

/** Keeps nothing: for a process beside which others write. */
export const noSessions: KeptSessions = { find: () => undefined, begin: () => () => {}, forgetAll() {} }
