import { z } from 'zod'
import { isDay, noDay, notDateTime } from './time'

const MAX_ID = Number.MAX_SAFE_INTEGER

/** An id in a JSON body. */
export const positiveId = z
  .int('must be a positive integer')
  .min(1, 'must be a positive integer')
  .max(MAX_ID, 'must be a positive integer')
  .meta({ description: 'A positive integer' })

/** A whole number in a path or a query string, where it arrives as text. */
export const wholeInText = (min: number, max: number, message: string) =>
  z
    .string(message)
    .regex(/^(0|[1-9]\d{0,15})$/, message)
    .transform(Number)
    .refine((value) => value >= min && value <= max, message)

/** An id in a path or a query string. */
export const idInText = wholeInText(1, MAX_ID, 'must be a positive integer').meta({
  type: 'integer',
  format: 'int64',
  minimum: 1,
  pattern: undefined,
})

/** Printable text of a bounded length, trimmed; control characters are refused, since they only ever arrive by mistake. */
export const text = (max: number, min = 1) =>
  z
    .string('must be text')
    .trim()
    .min(min, min === 1 ? 'must not be empty' : `must have at least ${min} characters`)
    .max(max, `must have at most ${max} characters`)
    // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what it looks for
    .regex(/^[^\u0000-\u001f\u007f\ud800-\udfff]*$/u, 'must not hold control characters')
    .meta({ pattern: undefined })

/** `yyyy-MM-dd HH:mm:ss`, or a plain `yyyy-MM-dd`. Whether the zone has that local time is for `Calendar.read` to say. */
export const dateTime = z
  .string(notDateTime)
  .regex(/^\d{4}-\d{2}-\d{2}( ([01]\d|2[0-3]):[0-5]\d:[0-5]\d)?$/, notDateTime)
  .refine((value) => isDay(value.slice(0, 10)), {
    error: ({ input }) => noDay(String(input).slice(0, 10)),
  })
  .meta({ example: '2026-05-18 09:30:00' })

/** A date and time in an answer. */
export const dateTimeOut = z
  .string()
  .regex(/^\d{4}-\d{2}-\d{2} \d{2}:\d{2}:\d{2}$/)
  .meta({ example: '2026-05-18 09:30:00' })

/** An amount in an answer, in units of the currency. */
export const money = z.number().min(0).meta({ example: 2500 })

/** `true` or `false` in a query string. */
export const flagInText = z
  .enum(['true', 'false'], 'must be true or false')
  .transform((value) => value === 'true')
  .meta({ type: 'boolean', enum: undefined })

const MAX_PAGE = 1_000_000_000
export const DEFAULT_PAGE_SIZE = 20
export const MAX_PAGE_SIZE = 200

/** The paging of every list: `page` from 0, `size` 20 by default and at most 200. */
export const paging = {
  page: wholeInText(0, MAX_PAGE, `must be a whole number from 0 to ${MAX_PAGE}`)
    .default(0)
    .meta({ type: 'integer', minimum: 0, maximum: MAX_PAGE, default: 0, pattern: undefined }),
  size: wholeInText(1, MAX_PAGE_SIZE, `must be a whole number from 1 to ${MAX_PAGE_SIZE}`)
    .default(DEFAULT_PAGE_SIZE)
    .meta({
      type: 'integer',
      minimum: 1,
      maximum: MAX_PAGE_SIZE,
      default: DEFAULT_PAGE_SIZE,
      pattern: undefined,
    }),
}

export interface Paging {
  page: number
  size: number
}
