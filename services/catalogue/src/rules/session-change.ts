import {
  type EventPayload,
  type EventType,
  type Instant,
  invalidField,
  Refusal,
  type SessionState,
  sessionStatus,
} from '@channelling/contract'
import { cancel, type Decisions, giveStatus, type SettableStatus } from './transitions'

/** What can be changed about a published session. Amounts in cents. */
export interface Changeable extends Decisions {
  room: string | null
  capacity: number
  endsAt: Instant
  minutesPerPatient: number
  localDoctorFee: number
  localHospitalFee: number
  foreignDoctorFee: number
  foreignHospitalFee: number
  statusReason: string | null
}

export interface Asked extends Partial<Omit<Changeable, keyof Decisions>> {
  status?: SettableStatus
}

export interface SessionChange {
  to: Changeable
  events: { type: EventType; payload: EventPayload }[]
}

/**
 * What is asked of a session, done. A reason belongs to a status, so another status without one drops the old reason.
 * @throws Refusal `status_not_allowed` where it was ended or cancelled, `invalid_request` for an end before its start
 */
export function changeSession(
  session: SessionState & Changeable & { startsAt: Instant },
  { status, ...asked }: Asked,
  now: Instant,
): SessionChange {
  const fromStatus = sessionStatus(session, now)
  const given = Object.fromEntries(
    Object.entries(asked).filter(([, value]) => value !== undefined),
  ) as Partial<Changeable>
  const differs = (wanted: Partial<Changeable>) =>
    Object.entries(wanted).some(([name, value]) => session[name as keyof Changeable] !== value)

  const closed = session.endedAt !== null || session.cancelledAt !== null
  if (closed && (differs(given) || (status ?? fromStatus) !== fromStatus)) {
    throw new Refusal('status_not_allowed', `A session that is ${fromStatus} cannot be changed`)
  }
  if (given.endsAt !== undefined && given.endsAt <= session.startsAt) {
    throw invalidField('body.endsAt', 'must be after the session starts')
  }
  const turned = status === undefined ? null : giveStatus(session, status, now)
  const to: Changeable = { ...session, ...(turned && { statusReason: null }), ...given, ...turned?.decisions }
  const events: SessionChange['events'] = []
  const { statusReason: _, ...apartFromReason } = given
  if (differs(turned ? apartFromReason : given)) events.push({ type: 'session.changed', payload: {} })
  if (turned) {
    const toStatus = sessionStatus({ ...session, ...to }, now)
    events.push({ type: turned.event, payload: { fromStatus, toStatus } })
  }
  return { to, events }
}

/**
 * Cancels a session; one that is cancelled already stays as it is.
 * @throws Refusal `status_not_allowed` when it has ended
 */
export function cancelSession(session: SessionState & Changeable, now: Instant): SessionChange {
  const decisions = cancel(session, now)
  if (!decisions) return { to: session, events: [] }
  const payload = { fromStatus: sessionStatus(session, now), toStatus: 'Cancelled' }
  return {
    to: { ...session, ...decisions },
    events: [{ type: 'session.cancelled', payload }],
  }
}
