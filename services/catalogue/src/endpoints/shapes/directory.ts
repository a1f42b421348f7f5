import { text } from '@channelling/contract'
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
