import type { Caller, Instant } from '@channelling/contract'
import type { PaymentMethod } from './booking'
import type { Actor } from './lifecycle'

/** Takes a place, or holds one. */
export interface ReservePlace {
  kind: 'reserve'
  caller: Caller
  sessionId: number
  patientId: number
  paymentMethod: PaymentMethod
  /** Undefined: as the patient is registered. */
  foreigner?: boolean
  reference: string | null
  itemId: number | null
  hold: boolean
  /** A reserved number, for a client of access `all`. */
  number?: number
}

export interface CancelBooking {
  kind: 'cancel'
  caller: Caller
  bookingId: number
  actor: Actor
  reason: string | null
}

export interface RescheduleBooking {
  kind: 'reschedule'
  caller: Caller
  bookingId: number
  sessionId: number
  reason: string | null
}

export interface CompleteBooking {
  kind: 'complete'
  caller: Caller
  bookingId: number
  paymentMethod?: PaymentMethod
  paymentReference?: string
}

/** Records what time or the hospital did to the bookings of a session: holds that ran out, a session that was cancelled. */
export interface SweepSession {
  kind: 'sweep'
  sessionId: number
}

export type BookingCommand = ReservePlace | CancelBooking | RescheduleBooking | CompleteBooking
export type Command = BookingCommand | SweepSession

/** The Idempotency-Key of a request, with what the request was. */
export interface Once {
  key: string
  /** SHA-256 of method, path and body. */
  fingerprint: string
}

/** A command on its way, with what has to happen once and until when it makes sense. */
export interface Order {
  command: Command
  once?: Once
  deadline: Instant
}
