import {
  type EventType,
  type Instant,
  Refusal,
  type SessionState,
  type SessionStatus,
  sessionStatus,
} from '@channelling/contract'

/** The statuses that somebody can give a session. Full comes by itself, Cancelled by cancelling. */
export const settableStatuses = ['Available', 'Hold', 'Holiday', 'Started', 'Ended'] as const
export type SettableStatus = (typeof settableStatuses)[number]

/** What was decided about a session, each with the moment it was decided. */
export type Decisions = Pick<SessionState, 'holiday' | 'endedAt' | 'cancelledAt' | 'startedAt' | 'heldAt'>

const fromOpen = ['Hold', 'Holiday', 'Started', 'Ended'] as const

/** Which status may follow which. What has ended or was cancelled stays so. */
const following: Record<SessionStatus, readonly SettableStatus[]> = {
  Available: fromOpen,
  Full: fromOpen,
  Hold: ['Available', 'Holiday', 'Started', 'Ended'],
  Holiday: ['Available'],
  Started: ['Available', 'Ended'],
  Ended: [],
  Cancelled: [],
}

const eventOf: Record<SettableStatus, EventType> = {
  Available: 'session.resumed',
  Hold: 'session.held',
  Holiday: 'session.holiday',
  Started: 'session.started',
  Ended: 'session.ended',
}

/**
 * Gives a session another status, or nothing when it has that status already; a full one counts as available.
 * @throws Refusal `status_not_allowed`
 */
export function giveStatus(
  session: SessionState,
  to: SettableStatus,
  now: Instant,
): { decisions: Decisions; event: EventType } | null {
  const from = sessionStatus(session, now)
  if (from === to || (from === 'Full' && to === 'Available')) return null
  if (!following[from].includes(to)) {
    throw new Refusal('status_not_allowed', `A session that is ${from} cannot become ${to}`)
  }
  const { endedAt, cancelledAt } = session
  const open: Decisions = { holiday: false, endedAt, cancelledAt, startedAt: null, heldAt: null }
  const decided: Record<SettableStatus, Decisions> = {
    Available: open,
    Hold: { ...open, heldAt: now },
    Holiday: { ...open, holiday: true },
    Started: { ...open, startedAt: now },
    Ended: { ...open, startedAt: session.startedAt, endedAt: now },
  }
  return { decisions: decided[to], event: eventOf[to] }
}

/**
 * Cancels a session, or nothing when it is cancelled already. What becomes of its bookings is for the bookings service.
 * @throws Refusal `status_not_allowed` when it has ended
 */
export function cancel(session: SessionState, now: Instant): Decisions | null {
  if (session.cancelledAt !== null) return null
  const from = sessionStatus(session, now)
  if (from === 'Ended') throw new Refusal('status_not_allowed', 'A session that is Ended cannot be cancelled')
  const { endedAt, startedAt, heldAt } = session
  return { holiday: false, endedAt, startedAt, heldAt, cancelledAt: now }
}
