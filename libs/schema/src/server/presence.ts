import { type DatabaseFault, faultOf } from '../faults'

export interface PresenceOptions {
  /** Called when the server does not answer any more, with the fault that showed it. */
  onAway: (fault: DatabaseFault) => void
  /** Called when it answers again. */
  onBack: () => void
}

/** Takes note of what becomes of something that was asked of a server, and leaves it as it is. */
export type Presence = <Answer>(asking: Promise<Answer>) => Promise<Answer>

/** Tells each going and each coming of a server once, whichever of all the requests that share it finds out. */
export function createPresence({ onAway, onBack }: PresenceOptions): Presence {
  let isAway = false

  function answered(): void {
    if (isAway) onBack()
    isAway = false
  }

  return async (asking) => {
    try {
      const answer = await asking
      answered()
      return answer
    } catch (error) {
      const fault = faultOf(error)
      if (fault.isUndone) answered()
      if (fault.isUnreachable && !isAway) {
        isAway = true
        onAway(fault)
      }
      throw error
    }
  }
}
