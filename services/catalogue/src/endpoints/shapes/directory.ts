import { type Calendar, dateTimeOut, type Instant, positiveId, text } from '@channelling/contract'
import { z } from 'zod'

const id = z.int().min(1)

export const speciality = z.object({ id, name: z.string(), code: z.string(), description: z.string().nullable() })

export const hospital = z.object({
  id,
  name: z.string(),
  code: z.string(),
  city: z.string().nullable(),
  phone: z.string().nullable(),
})

export const consultant = z.object({
  id,
  name: z.string(),
  title: z.string().nullable(),
  registration: z.string(),
  qualification: z.string().nullable(),
  specialityId: id,
  speciality: z.string(),
  hospitals: z.array(z.object({ id, name: z.string() })),
})

/** What a list is searched by. */
export const query = text(100).optional().meta({ description: 'A part of the name or code, in capitals or not' })

/** Null while in use. */
const retiredAt = dateTimeOut.nullable()

export const specialityRecord = speciality.extend({ retiredAt })
export const hospitalRecord = hospital.extend({ retiredAt })
export const consultantRecord = consultant.extend({ retiredAt })

/** What may be left out. */
const optionalText = (max: number) => text(max).nullish()

const code = text(40)

export const specialityBody = z.strictObject({ name: text(200), code, description: optionalText(1000) })
export const hospitalBody = z.strictObject({ name: text(200), code, city: optionalText(100), phone: optionalText(40) })
export const consultantBody = z.strictObject({
  registration: text(60),
  name: text(200),
  title: optionalText(40),
  qualification: optionalText(500),
  specialityId: positiveId,
  hospitalIds: z.array(positiveId).max(200, 'must hold at most 200 ids').optional().meta({
    description: 'Where they see patients; left out, that stays as it is. One where they have a schedule stays',
  }),
})

export const specialityGiven = ({ name, code, description }: z.infer<typeof specialityBody>) => ({
  name,
  code,
  description: description ?? null,
})

export const hospitalGiven = ({ name, code, city, phone }: z.infer<typeof hospitalBody>) => ({
  name,
  code,
  city: city ?? null,
  phone: phone ?? null,
})

export const consultantGiven = (body: z.infer<typeof consultantBody>) => ({
  ...body,
  title: body.title ?? null,
  qualification: body.qualification ?? null,
})

/** A record as callers see it. */
export const recordView = <Of extends { retiredAt: Instant | null }>(of: Of, calendar: Calendar) => ({
  ...of,
  retiredAt: of.retiredAt === null ? null : calendar.format(of.retiredAt),
})
