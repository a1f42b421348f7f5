import { type Calendar, dateTimeOut, type Instant, money, sessionStatus, sessionStatuses } from '@channelling/contract'
import { z } from 'zod'
import { lowestFree, turnOf } from '../../rules/numbering'
import { isBookable, remainingPlaces } from '../../rules/places'
import type { Session } from '../../store/sessions'

export const fee = z.object({ doctor: money, hospital: money, total: money })
export const fees = z.object({ local: fee, foreign: fee })

const id = z.int().min(1)

/** A session as callers see it. */
export const session = z.object({
  id,
  consultantId: id,
  consultant: z.string().meta({ example: 'Dr A. Perera' }),
  specialityId: id,
  speciality: z.string(),
  hospitalId: id,
  hospital: z.string(),
  room: z.string().nullable(),
  startsAt: dateTimeOut,
  endsAt: dateTimeOut,
  status: z.enum(sessionStatuses).meta({ description: 'The first that holds' }),
  statusReason: z.string().nullable(),
  bookable: z.boolean().meta({ description: 'Whether the status is Available' }),
  capacity: z.int().min(0).meta({ description: '0 is unlimited' }),
  booked: z.int().min(0).meta({ description: 'Places taken, held ones included' }),
  remaining: z.int().min(0).nullable().meta({ description: 'null where the capacity is unlimited' }),
  nextNumber: z
    .int()
    .min(1)
    .nullable()
    .meta({ description: 'What the next booking gets; null while the session is not bookable' }),
  minutesPerPatient: z.int().min(1),
  nextTurnAt: dateTimeOut.nullable().meta({ description: 'When that number is seen; null while not bookable' }),
  currency: z.string().length(3),
  fees,
})

/** An amount in units of the currency. */
export const inUnits = (cents: number) => cents / 100

export const feesOf = (terms: {
  localDoctorFee: number
  localHospitalFee: number
  foreignDoctorFee: number
  foreignHospitalFee: number
}): z.infer<typeof fees> => ({
  local: feeOf(terms.localDoctorFee, terms.localHospitalFee),
  foreign: feeOf(terms.foreignDoctorFee, terms.foreignHospitalFee),
})

const feeOf = (doctor: number, hospital: number) => ({
  doctor: inUnits(doctor),
  hospital: inUnits(hospital),
  total: inUnits(doctor + hospital),
})

export function sessionView(of: Session, now: Instant, calendar: Calendar): z.infer<typeof session> {
  const status = sessionStatus(of, now)
  const bookable = isBookable(status)
  const nextNumber = bookable ? lowestFree(of) : null
  return {
    id: of.id,
    consultantId: of.consultantId,
    consultant: of.consultant,
    specialityId: of.specialityId,
    speciality: of.speciality,
    hospitalId: of.hospitalId,
    hospital: of.hospital,
    room: of.room,
    startsAt: calendar.format(of.startsAt),
    endsAt: calendar.format(of.endsAt),
    status,
    statusReason: of.statusReason,
    bookable,
    capacity: of.capacity,
    booked: of.taken,
    remaining: remainingPlaces(of),
    nextNumber,
    minutesPerPatient: of.minutesPerPatient,
    nextTurnAt: nextNumber === null ? null : calendar.format(turnOf(nextNumber, of)),
    currency: of.currency,
    fees: feesOf(of),
  }
}
