import { type Calendar, dateTimeOut, money } from '@channelling/contract'
import { z } from 'zod'
import { bookingStatuses, paymentMethods } from '../rules/booking'
import { statusAt } from '../rules/lifecycle'
import { turnOf } from '../rules/session'
import type { BookedPlace } from '../rules/world'

/** A booking as answers show it. Amounts in units of the currency. */
export const bookingSchema = z.object({
  id: z.int(),
  sessionId: z.int(),
  number: z.int(),
  status: z.enum(bookingStatuses),
  patientId: z.int(),
  patientName: z.string(),
  consultant: z.string(),
  hospital: z.string(),
  startsAt: dateTimeOut,
  estimatedAt: dateTimeOut,
  paymentMethod: z.enum(paymentMethods),
  paid: z.boolean(),
  foreigner: z.boolean(),
  fee: z.object({ doctor: money, hospital: money, total: money }),
  currency: z.string(),
  billNumber: z.string(),
  reference: z.string().nullable(),
  itemId: z.int().nullable(),
  createdAt: dateTimeOut,
  expiresAt: dateTimeOut.nullable(),
  cancelledAt: dateTimeOut.nullable(),
  cancelReason: z.string().nullable(),
})

/** What a move answers: the booking, and by how much its fee changed. */
export const movedBookingSchema = bookingSchema.extend({
  feeDifference: z
    .number()
    .meta({ description: 'The new total less the old one; below zero the patient gets money back' }),
})

export type BookingView = z.infer<typeof bookingSchema> & { feeDifference?: number }

/** `CH-26-000901`: the year of the booking and its id. */
const billNumber = (id: number, createdAt: string) => `CH-${createdAt.slice(2, 4)}-${String(id).padStart(6, '0')}`

/** Shows a booking in a hospital's calendar, as it stands at a moment. */
export const bookingView =
  (calendar: Calendar) =>
  ({ booking, session, patientName, feeDifference }: BookedPlace, now: number): BookingView => {
    const createdAt = calendar.format(booking.createdAt)
    const moment = (instant: number | null) => (instant === null ? null : calendar.format(instant))
    return {
      id: booking.id,
      sessionId: booking.sessionId,
      number: booking.number,
      status: statusAt(booking, now),
      patientId: booking.patientId,
      patientName,
      consultant: session.consultant,
      hospital: session.hospital,
      startsAt: calendar.format(session.startsAt),
      estimatedAt: calendar.format(turnOf(session, booking.number)),
      paymentMethod: booking.paymentMethod,
      paid: booking.paid,
      foreigner: booking.foreigner,
      fee: {
        doctor: booking.doctorFee / 100,
        hospital: booking.hospitalFee / 100,
        total: (booking.doctorFee + booking.hospitalFee) / 100,
      },
      currency: booking.currency,
      billNumber: billNumber(booking.id, createdAt),
      reference: booking.reference,
      itemId: booking.itemId,
      createdAt,
      expiresAt: moment(booking.expiresAt),
      cancelledAt: moment(booking.cancelledAt),
      cancelReason: booking.cancelReason,
      ...(feeDifference !== undefined && { feeDifference: feeDifference / 100 }),
    }
  }

export type View = ReturnType<typeof bookingView>
