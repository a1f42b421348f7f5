import type { Instant } from '@channelling/contract'

export const sessionStatuses = ['Holiday', 'Ended', 'Cancelled', 'Started', 'Hold', 'Full', 'Available'] as const
export type SessionStatus = (typeof sessionStatuses)[number]

/** What was decided about a session, each with the moment it was decided. */
export interface Decisions {
  holiday: boolean
  endedAt: Instant | null
  cancelledAt: Instant | null
  startedAt: Instant | null
  heldAt: Instant | null
}

export interface SessionState extends Decisions {
  /** The first instant at which the session is over. */
  endsAt: Instant
  /** 0: unlimited. */
  capacity: number
  /** Places taken, held ones included, run-out holds not. */
  booked: number
}

/** The status of a session: the first that holds. */
export function sessionStatus(session: SessionState, now: Instant): SessionStatus {
  if (session.holiday) return 'Holiday'
  if (session.endedAt !== null || now >= session.endsAt) return 'Ended'
  if (session.cancelledAt !== null) return 'Cancelled'
  if (session.startedAt !== null) return 'Started'
  if (session.heldAt !== null) return 'Hold'
  if (session.capacity > 0 && session.booked >= session.capacity) return 'Full'
  return 'Available'
}

export const isBookable = (status: SessionStatus) => status === 'Available'

/** Places left, or null where there is no limit. */
export const remainingPlaces = ({ capacity, booked }: Pick<SessionState, 'capacity' | 'booked'>) =>
  capacity === 0 ? null : Math.max(0, capacity - booked)
