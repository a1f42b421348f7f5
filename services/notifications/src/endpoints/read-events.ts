import { type Caller, dateTimeOut, eventTypes, type SentEvent, wholeInText } from '@channelling/contract'
import { accepts, envelope, identityOf, refusals, schema, success } from '@channelling/http'
import { Elysia } from 'elysia'
import { z } from 'zod'
import type { Dependencies } from '../app'
import { eventStream } from '../event-stream'
import { sentEvent } from '../framing'
import { readPage } from '../page-of-stream'
import { writePosition } from '../rules/position'
import type { Topics } from '../rules/topics'
import { seesWhole } from '../rules/visibility'
import { positionInText, streamQuery, topicsOf } from './stream-query'

const LIMIT_MAX = 1000
const LIMIT = 100
/** Below what a connection may wait for an answer. */
const WAIT_SECONDS_MAX = 25

const count = (min: number, max: number, byDefault: number) =>
  wholeInText(min, max, `must be a whole number from ${min} to ${max}`)
    .default(byDefault)
    .meta({ type: 'integer', minimum: min, maximum: max, default: byDefault, pattern: undefined })

const query = z.strictObject({
  ...streamQuery,
  limit: count(1, LIMIT_MAX, LIMIT),
  wait: count(0, WAIT_SECONDS_MAX, 0).meta({
    description: 'Seconds to wait for the first event where there is none yet',
  }),
})

type Asked = z.output<typeof query> & { topics: Topics }

const headers = z.looseObject({
  'last-event-id': positionInText
    .optional()
    .meta({ description: 'Of Server-Sent Events: the `id` of the last one read; goes before `from`' }),
})

const sent: z.ZodType<SentEvent> = z.object({
  seq: z.int(),
  type: z.enum(eventTypes),
  sessionId: z.int(),
  consultantId: z.int().nullable(),
  bookingId: z.int().optional(),
  at: dateTimeOut,
  fromSessionId: z.int().optional(),
  fromStatus: z.string().optional(),
  toStatus: z.string().optional(),
  number: z.int().optional(),
  fromNumber: z.int().optional(),
  actor: z.enum(['patient', 'hospital']).optional(),
})

const page = z.object({
  epoch: z.string(),
  seq: z.int().meta({ description: 'Of the last event there is' }),
  events: z.array(sent),
  resync: z
    .boolean()
    .meta({ description: 'Whether `from` cannot be resumed: read anew what you keep, and go on from `next`' }),
  next: z.string().meta({ description: 'The `from` of the next request' }),
})

const wantsStream = (request: Request) => accepts(request.headers.get('accept'), 'text/event-stream')

export const readEventsEndpoint = ({
  database,
  calendar,
  secret,
  feed,
  log,
}: Pick<Dependencies, 'database' | 'calendar' | 'secret' | 'feed' | 'log'>) => {
  async function readOn(caller: Caller, { from, topics, limit, wait }: Asked) {
    const asked = { from: from ?? null, topics, limit, waitMs: wait * 1000 }
    const { state, events, resync, next } = await readPage({ database, feed }, asked)
    return success({
      epoch: state.epoch,
      seq: state.last,
      events: events.map((event) => sentEvent(event, seesWhole(caller, event), calendar)),
      resync,
      next: writePosition(next),
    })
  }

  return new Elysia().use(identityOf(secret)).get(
    '/api/notifications/events',
    ({ query, headers, caller, request }) => {
      const topics = topicsOf(query)
      if (!wantsStream(request)) return readOn(caller, { ...query, topics })
      const from = headers['last-event-id'] ?? query.from ?? null
      return new Response(eventStream({ feed, log, caller, from, topics }), {
        headers: { 'content-type': 'text/event-stream', 'cache-control': 'no-store', 'x-accel-buffering': 'no' },
      })
    },
    {
      scope: 'notifications:read',
      query: schema(query),
      headers: schema(headers),
      response: { 200: envelope(page), ...refusals() },
      detail: {
        operationId: 'readEvents',
        summary: 'Read what happened, and wait for what happens',
        description:
          'Events after a position, in the order in which they were committed; without `from`, those from now on. With `Accept: text/event-stream` it is the same as Server-Sent Events, which go on from `Last-Event-ID`. A client with access `own` is not told which booking it is, nor what became of it, where the booking is another client’s.',
        tags: ['Notifications'],
        'x-waits': true,
        'x-content': {
          'text/event-stream': {
            schema: {
              type: 'string',
              description:
                'Server-Sent Events: the `id` of each is a position, its `data` the JSON of an event. Ends after a minute, to be asked again from the last `id`',
            },
          },
        },
      } as object,
    },
  )
}
