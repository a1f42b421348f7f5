import { idInText } from '@channelling/contract'
import { z } from 'zod'
import { type Position, readPosition } from '../rules/position'
import type { Topics } from '../rules/topics'

/** How many sessions, and how many consultants, one subscriber may name. */
const NAMED_MAX = 100

const POSITION_MESSAGE = 'must be a position, <epoch>:<seq>'

/** A place in the stream, as the stream itself told it. */
export const positionInText = z
  .string(POSITION_MESSAGE)
  .transform((text, { addIssue }): Position => {
    const position = readPosition(text)
    if (position) return position
    addIssue({ code: 'custom', message: POSITION_MESSAGE })
    return z.NEVER
  })
  .meta({
    description: 'A position, `<epoch>:<seq>`, as the stream told it: what is after it',
    example: '9f86d081884c7d65:41',
  })

/** Ids in a query string, as a list with commas, several parameters of the name, or both. */
const idsInText = z
  .union([z.string(), z.array(z.union([z.string(), z.array(z.string())]))], 'must be ids')
  // Elysia takes some of such lists apart and leaves others whole
  .transform((given) => [given].flat(2).flatMap((list) => list.split(',')))
  .pipe(z.array(idInText).max(NAMED_MAX, `must not be more than ${NAMED_MAX}`))
  .transform((ids) => [...new Set(ids)])
  .meta({
    type: 'array',
    items: { type: 'integer', format: 'int64', minimum: 1 },
    maxItems: NAMED_MAX,
    anyOf: undefined,
  })

/** From where, and what of the stream. */
export const streamQuery = {
  from: positionInText.optional(),
  sessionId: idsInText.optional().meta({ description: 'Events of these sessions; with `consultantId`, of either' }),
  consultantId: idsInText.optional().meta({ description: 'Events of the sessions of these consultants' }),
}

/** What may stand in the address of a socket. */
export const socketQuery = z.strictObject({
  ...streamQuery,
  access_token: z
    .string()
    .optional()
    .meta({ description: 'A ticket of `POST /api/notifications/tickets`, where no header can be sent' }),
})

export const topicsOf = ({ sessionId, consultantId }: { sessionId?: number[]; consultantId?: number[] }): Topics => ({
  sessions: sessionId ?? [],
  consultants: consultantId ?? [],
})
