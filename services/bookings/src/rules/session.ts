import { type Instant, MINUTE_MS, Refusal, type SessionState, sessionStatus } from '@channelling/contract'
import type { Fees } from './fees'
import type { Seats } from './numbering'

/** A session as booking sees it, with its places. */
export interface Session extends Omit<SessionState, 'capacity' | 'taken'> {
  id: number
  consultant: string
  hospital: string
  statusReason: string | null
  startsAt: Instant
  startingNumber: number
  reserved: ReadonlySet<number>
  minutesPerPatient: number
  fees: Fees
  currency: string
  seats: Seats & { version: number }
}

/** @throws Refusal `session_full`, `session_not_bookable` */
export function requireBookable(session: Session, now: Instant): void {
  const { capacity, taken } = session.seats
  const status = sessionStatus({ ...session, capacity, taken }, now)
  if (status === 'Full') throw new Refusal('session_full', `Session ${session.id} is full`)
  if (status !== 'Available') throw new Refusal('session_not_bookable', `Session ${session.id} is ${status}`)
}

/** When a number's turn comes, if every patient before it takes the usual time. */
export const turnOf = (session: Pick<Session, 'startsAt' | 'startingNumber' | 'minutesPerPatient'>, number: number) =>
  session.startsAt + Math.max(0, number - session.startingNumber) * session.minutesPerPatient * MINUTE_MS
