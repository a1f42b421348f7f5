import type { Instant } from './time'

/** The statuses of a session, in the order in which they are looked for: the first that holds is the one. */
export const sessionStatuses = ['Holiday', 'Ended', 'Cancelled', 'Started', 'Hold', 'Full', 'Available'] as const

export type SessionStatus = (typeof sessionStatuses)[number]

/** What the status of a session depends on. */
export interface SessionState {
  holiday: boolean
  endsAt: Instant
  endedAt: Instant | null
  cancelledAt: Instant | null
  startedAt: Instant | null
  heldAt: Instant | null
  /** 0: unlimited. */
  capacity: number
  /** Places taken, live holds included. */
  taken: number
}

/** The status at a moment; at `endsAt` itself the session has ended. */
export function sessionStatus(session: SessionState, now: Instant): SessionStatus {
  if (session.holiday) return 'Holiday'
  if (session.endedAt !== null || now >= session.endsAt) return 'Ended'
  if (session.cancelledAt !== null) return 'Cancelled'
  if (session.startedAt !== null) return 'Started'
  if (session.heldAt !== null) return 'Hold'
  if (session.capacity > 0 && session.taken >= session.capacity) return 'Full'
  return 'Available'
}
