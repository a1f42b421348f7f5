import { type Calendar, dateTime, dateTimeOut, invalidField, positiveId } from '@channelling/contract'
import { z } from 'zod'
import { minuteOfDay, timeOfDay, weekdays } from '../../rules/terms'
import type { NewSchedule, Schedule } from '../../store/schedules'
import { fees, feesOf } from './session'
import { termsBody, termsGiven } from './terms'

const id = z.int().min(1)
const time = z.string().meta({ example: '09:30' })

export const schedule = z.object({
  id,
  consultantId: id,
  consultant: z.string(),
  hospitalId: id,
  hospital: z.string(),
  weekday: z.enum(weekdays),
  start: time,
  end: time.meta({ example: '12:30', description: '24:00 is the midnight that ends the day' }),
  room: z.string().nullable(),
  capacity: z.int().min(0).meta({ description: '0 is unlimited' }),
  startingNumber: z.int().min(1),
  reservedNumbers: z.array(z.int()),
  minutesPerPatient: z.int().min(1),
  fees,
  validFrom: dateTimeOut.nullable().meta({ description: 'The first day; null is open' }),
  validTo: dateTimeOut.nullable().meta({ description: 'The last day; null is open' }),
  retiredAt: dateTimeOut.nullable().meta({ description: 'null while in use' }),
})

const timeBody = (last: '23:59' | '24:00', latest: number) =>
  z
    .string(`must be a time from 00:00 to ${last}`)
    .refine(
      (given) => (minuteOfDay(given) ?? Number.POSITIVE_INFINITY) <= latest,
      `must be a time from 00:00 to ${last}`,
    )
    .meta({ example: last === '24:00' ? '12:30' : '09:30' })

export const scheduleBody = z.strictObject({
  consultantId: positiveId,
  hospitalId: positiveId,
  weekday: z.enum(weekdays, `must be one of ${weekdays.join(', ')}`),
  start: timeBody('23:59', 1439),
  end: timeBody('24:00', 1440).meta({ description: '24:00 is the midnight that ends the day' }),
  ...termsBody,
  validFrom: dateTime.nullish().meta({ description: 'The first day on which it applies' }),
  validTo: dateTime.nullish().meta({ description: 'The last day on which it applies' }),
})

/** @throws Refusal `invalid_request` for an end before its start */
export function scheduleGiven(body: z.output<typeof scheduleBody>): NewSchedule {
  const startMinute = minuteOfDay(body.start)!
  const endMinute = minuteOfDay(body.end)!
  if (endMinute <= startMinute) throw invalidField('body.end', 'must be after start; midnight is 24:00')
  const validFrom = body.validFrom?.slice(0, 10) ?? null
  const validTo = body.validTo?.slice(0, 10) ?? null
  if (validFrom && validTo && validTo < validFrom) throw invalidField('body.validTo', 'must not be before validFrom')
  return {
    ...termsGiven(body),
    consultantId: body.consultantId,
    hospitalId: body.hospitalId,
    weekday: weekdays.indexOf(body.weekday) + 1,
    startMinute,
    durationMinutes: endMinute - startMinute,
    validFrom,
    validTo,
  }
}

const dayView = (day: string | null) => day && `${day} 00:00:00`

export const scheduleView = (of: Schedule, calendar: Calendar): z.infer<typeof schedule> => ({
  id: of.id,
  consultantId: of.consultantId,
  consultant: of.consultant,
  hospitalId: of.hospitalId,
  hospital: of.hospital,
  weekday: weekdays[of.weekday - 1]!,
  start: timeOfDay(of.startMinute),
  end: timeOfDay(of.startMinute + of.durationMinutes),
  room: of.room,
  capacity: of.capacity,
  startingNumber: of.startingNumber,
  reservedNumbers: of.reservedNumbers,
  minutesPerPatient: of.minutesPerPatient,
  fees: feesOf(of),
  validFrom: dayView(of.validFrom),
  validTo: dayView(of.validTo),
  retiredAt: of.retiredAt === null ? null : calendar.format(of.retiredAt),
})
