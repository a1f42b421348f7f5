/** What the four files hold; their columns are described for people in `demo/README.md`. */
import { isDay, noDay, text } from '@channelling/contract'
import { z } from 'zod'
import { inOrder, limits, minuteOfDay, weekdays } from '../rules/terms'
import type { TableForm } from './read-table'

/** What may be left empty; empty is `otherwise`. */
const orElse = <Form extends z.ZodType<unknown, string>, Otherwise>(form: Form, otherwise: Otherwise) =>
  z.string().transform((given, context): z.output<Form> | Otherwise => {
    if (given === '') return otherwise
    const read = form.safeParse(given)
    if (read.success) return read.data
    for (const { message } of read.error.issues) context.addIssue(message)
    return z.NEVER
  })

const whole = ({ min, max }: { min: number; max: number }) =>
  z
    .string()
    .refine((given) => /^\d{1,15}$/.test(given) && Number(given) >= min && Number(given) <= max, {
      message: `must be a whole number from ${min} to ${max}`,
    })
    .transform(Number)

const numbers = z
  .string()
  .refine((given) => given.split(';').length <= limits.reservedNumbers, {
    message: `must hold at most ${limits.reservedNumbers} numbers`,
  })
  .refine((given) => given.split(';').every((one) => whole(limits.reservedNumber).safeParse(one.trim()).success), {
    message: `must be numbers from ${limits.reservedNumber.min} to ${limits.reservedNumber.max} with ; between them`,
  })
  .transform((given) => inOrder(given.split(';').map(Number)))

/** In cents. */
const amount = z
  .string()
  .refine((given) => /^\d{1,12}(\.\d{1,2})?$/.test(given) && Number(given) * 100 <= limits.fee.max, {
    message: `must be an amount from 0 to ${limits.fee.max / 100}, such as 2500 or 2500.50`,
  })
  .transform((given) => Math.round(Number(given) * 100))

const time = (last: '23:59' | '24:00') =>
  z.string().transform((given, context) => {
    const minute = minuteOfDay(given)
    if (minute !== null && (minute < 1440 || last === '24:00')) return minute
    context.addIssue(`must be a time from 00:00 to ${last}`)
    return z.NEVER
  })

const day = z
  .string()
  .refine(isDay, { error: ({ input }) => noDay(String(input), 'must be a date that exists, as yyyy-MM-dd') })

/** The weekdays, 1 for Monday to 7 for Sunday. */
const weekday = z.string().transform((given, context) => {
  if (given === 'daily') return weekdays.map((_, at) => at + 1)
  const at = (weekdays as readonly string[]).indexOf(given)
  if (at >= 0) return [at + 1]
  context.addIssue(`must be one of ${weekdays.join(', ')}, daily`)
  return z.NEVER
})

/** Only for its type: the columns decide what key and unique may name. */
const form = <Shape extends z.ZodObject>(of: TableForm<Shape>) => of

const code = text(40)
const registration = text(60)

export const hospitalsForm = form({
  columns: z.object({ code, name: text(200), city: orElse(text(100), null), phone: orElse(text(40), null) }),
  key: 'code',
  unique: ['name'],
})

export const specialitiesForm = form({
  columns: z.object({ code, name: text(200), description: orElse(text(1000), null) }),
  key: 'code',
  unique: ['name'],
})

export const consultantsForm = form({
  columns: z.object({
    registration,
    title: orElse(text(40), null),
    name: text(200),
    qualification: orElse(text(500), null),
    speciality: code,
  }),
  key: 'registration',
})

const scheduleColumns = z
  .object({
    consultant: registration,
    hospital: code,
    weekday,
    start: time('23:59'),
    end: time('24:00'),
    room: orElse(text(40), null),
    capacity: whole(limits.capacity),
    startingNumber: orElse(whole(limits.startingNumber), 1),
    reservedNumbers: orElse(numbers, []),
    minutesPerPatient: whole(limits.minutesPerPatient),
    localDoctorFee: amount,
    localHospitalFee: amount,
    foreignDoctorFee: amount,
    foreignHospitalFee: amount,
    validFrom: orElse(day, null),
    validTo: orElse(day, null),
  })
  // both are asked of faulty rows too, so that one run tells everything; a faulty time or date is then no number or day
  .refine(({ start, end }) => typeof start !== 'number' || typeof end !== 'number' || end > start, {
    path: ['end'],
    message: 'must be after start; midnight is 24:00',
    when: () => true,
  })
  .refine(({ validFrom: from, validTo: to }) => !from || !to || !isDay(from) || !isDay(to) || to >= from, {
    path: ['validTo'],
    message: 'must not be before validFrom',
    when: () => true,
  })

export const schedulesForm = form({ columns: scheduleColumns, key: null })

export type HospitalRow = z.output<typeof hospitalsForm.columns>
export type SpecialityRow = z.output<typeof specialitiesForm.columns>
export type ConsultantRow = z.output<typeof consultantsForm.columns>
export type ScheduleRow = z.output<typeof schedulesForm.columns>
