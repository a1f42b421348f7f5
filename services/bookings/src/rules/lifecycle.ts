import { type Caller, type Instant, Refusal } from '@channelling/contract'
import type { Booking, BookingStatus, PaymentMethod } from './booking'
import type { Fee } from './fees'

/** Whether a hold has run out: at `expiresAt` itself the place is no longer kept. */
export const holdRanOut = (booking: Booking, now: Instant): boolean =>
  booking.status === 'PENDING' && booking.expiresAt !== null && now >= booking.expiresAt

/** The status as it stands at a moment, whether or not the end of a hold is recorded yet. */
export const statusAt = (booking: Booking, now: Instant): BookingStatus =>
  holdRanOut(booking, now) ? 'EXPIRED' : booking.status

/** Every method but payment on the day settles the fee with the booking. */
export const isPaid = (method: PaymentMethod): boolean => method !== 'OnCall'

/** A client with access `own` sees the bookings it made; to it the rest do not exist. */
export const maySee = (booking: Booking, caller: Caller): boolean =>
  caller.access === 'all' || booking.clientId === caller.clientId

function requireUnexpired(booking: Booking, now: Instant): void {
  if (statusAt(booking, now) === 'EXPIRED') {
    throw new Refusal('booking_expired', 'The place was kept until its hold ran out')
  }
}

/** Whether it can still be given up or moved: nobody has been seen, and it is not given up yet. */
export const isOpen = ({ status }: Booking): boolean => status === 'ACTIVE' || status === 'PENDING'

/** Whether its number is taken: the index of living bookings holds each once a session. */
export const keepsNumber = (booking: Booking): boolean =>
  isOpen(booking) || booking.status === 'COMPLETED' || booking.status === 'ABSENT'

function requireOpen(booking: Booking, now: Instant): void {
  requireUnexpired(booking, now)
  if (!isOpen(booking)) {
    throw new Refusal('booking_not_active', `The booking is ${booking.status}`)
  }
}

/** Who gives a booking up: the patient, through whichever client, or the hospital. */
export type Actor = 'patient' | 'hospital'

/** An open booking is given up. */
export function cancelBooking(booking: Booking, actor: Actor, reason: string | null, now: Instant): Booking {
  requireOpen(booking, now)
  const status = actor === 'hospital' ? 'DOCTOR_CANCELED' : 'PATIENT_CANCELED'
  return { ...booking, status, cancelledAt: now, cancelReason: reason }
}

/** A held place becomes an active booking, once, while the hold lives. */
export function completeBooking(
  booking: Booking,
  payment: { method?: PaymentMethod; reference?: string },
  now: Instant,
): Booking {
  requireUnexpired(booking, now)
  if (booking.status !== 'PENDING')
    throw new Refusal('booking_not_active', `The booking is ${booking.status}, not held`)
  const paymentMethod = payment.method ?? booking.paymentMethod
  return {
    ...booking,
    status: 'ACTIVE',
    paymentMethod,
    paymentReference: payment.reference ?? booking.paymentReference,
    paid: isPaid(paymentMethod),
    expiresAt: null,
  }
}

/** An open booking moves to a number of another session, at that session's fee. A held one stays held until the same moment. */
export function moveBooking(
  booking: Booking,
  to: { sessionId: number; number: number; fee: Fee; currency: string },
  now: Instant,
): Booking {
  requireOpen(booking, now)
  return {
    ...booking,
    sessionId: to.sessionId,
    number: to.number,
    doctorFee: to.fee.doctor,
    hospitalFee: to.fee.hospital,
    currency: to.currency,
  }
}

/** Whether it may move at all, asked before a place is looked for elsewhere. */
export function requireMovable(booking: Booking, toSessionId: number, now: Instant): void {
  requireOpen(booking, now)
  if (booking.sessionId === toSessionId) {
    throw new Refusal('same_session', 'The booking is in that session already')
  }
}

/** A hold that ran out gives its place back. */
export const expireBooking = (booking: Booking): Booking => ({ ...booking, status: 'EXPIRED' })
