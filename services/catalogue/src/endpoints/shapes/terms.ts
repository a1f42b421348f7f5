/** What the bodies of schedules and sessions have in common. */
import { text } from '@channelling/contract'
import { z } from 'zod'
import { inOrder, limits } from '../../rules/terms'
import type { Terms } from '../../store/sittings'

const whole = ({ min, max }: { min: number; max: number }) => {
  const message = `must be a whole number from ${min} to ${max}`
  return z.int(message).min(min, message).max(max, message)
}

const highestFee = limits.fee.max / 100
const feeMessage = `must be an amount from 0 to ${highestFee} with at most two decimals`

const amount = z
  .number(feeMessage)
  .min(0, feeMessage)
  .max(highestFee, feeMessage)
  .refine((units) => Math.abs(units * 100 - Math.round(units * 100)) < 1e-6 * Math.max(1, units), feeMessage)
  .meta({ example: 2000 })

const feeBody = z.strictObject({ doctor: amount, hospital: amount })

/** In units of the currency. Without `foreign`, everybody pays `local`. */
export const feesBody = z.strictObject({ local: feeBody, foreign: feeBody.optional() })

const cents = (units: number) => Math.round(units * 100)

export const feesGiven = ({ local, foreign = local }: z.infer<typeof feesBody>) => ({
  localDoctorFee: cents(local.doctor),
  localHospitalFee: cents(local.hospital),
  foreignDoctorFee: cents(foreign.doctor),
  foreignHospitalFee: cents(foreign.hospital),
})

export const room = text(40)
export const capacity = whole(limits.capacity).meta({ description: '0 is unlimited' })
export const minutesPerPatient = whole(limits.minutesPerPatient)

export const termsBody = {
  room: room.nullish(),
  capacity,
  startingNumber: whole(limits.startingNumber).default(1),
  reservedNumbers: z
    .array(whole(limits.reservedNumber))
    .max(limits.reservedNumbers, `must hold at most ${limits.reservedNumbers} numbers`)
    .default([])
    .meta({ description: 'Numbers that ordinary bookings skip' }),
  minutesPerPatient,
  fees: feesBody,
}

const terms = z.object(termsBody)

export const termsGiven = (body: z.output<typeof terms>): Terms => ({
  room: body.room ?? null,
  capacity: body.capacity,
  startingNumber: body.startingNumber,
  reservedNumbers: inOrder(body.reservedNumbers),
  minutesPerPatient: body.minutesPerPatient,
  ...feesGiven(body.fees),
})
