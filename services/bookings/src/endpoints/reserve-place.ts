import { positiveId, Refusal, text } from '@channelling/contract'
import {
  created,
  documented,
  envelope,
  type Identity,
  jsonBody,
  msLeftFor,
  REPLAY_HEADER,
  refusals,
  schema,
} from '@channelling/http'
import { Elysia } from 'elysia'
import { z } from 'zod'
import type { Engine } from '../engine'
import { paymentMethods } from '../rules/booking'
import { type BookingView, bookingSchema } from './booking'
import { onceHeaders, onceOf } from './once'

const body = z
  .strictObject({
    sessionInstanceId: positiveId.optional(),
    sessionId: positiveId.optional().meta({ description: 'Accepted in place of `sessionInstanceId`' }),
    patientId: positiveId,
    paymentMethod: z.enum(paymentMethods).default('OnCall'),
    itemId: positiveId.optional(),
    foreigner: z
      .boolean('must be true or false')
      .optional()
      .meta({ description: 'As the patient is registered, if left out' }),
    reference: text(100).optional().meta({ description: "The client's own number; unique per client for ever" }),
    number: positiveId
      .optional()
      .meta({ description: 'A reserved number of the session; needs a client of access `all`' }),
    hold: z
      .boolean('must be true or false')
      .default(false)
      .meta({ description: 'Keeps the place until it is completed or runs out' }),
  })
  .refine((given) => (given.sessionInstanceId === undefined) !== (given.sessionId === undefined), {
    path: ['sessionInstanceId'],
    message: 'exactly one of sessionInstanceId and sessionId must be given',
  })
  .meta({ example: { sessionInstanceId: 12, patientId: 7, paymentMethod: 'OnCall', reference: 'AGT-REF-001' } })

export const reservePlaceEndpoint = ({ engine, identity }: { engine: Engine<BookingView>; identity: Identity }) =>
  new Elysia().use(identity).post(
    '/api/channel/bookings',
    async ({ body, caller, request, set }) => {
      if (body.number !== undefined && caller.access !== 'all') {
        throw new Refusal('scope_missing', 'Only a client of the whole hospital chooses a number')
      }
      const { view, replayed } = await engine.submit(
        {
          kind: 'reserve',
          caller,
          sessionId: (body.sessionInstanceId ?? body.sessionId)!,
          patientId: body.patientId,
          paymentMethod: body.paymentMethod,
          foreigner: body.foreigner,
          reference: body.reference ?? null,
          itemId: body.itemId ?? null,
          hold: body.hold,
          number: body.number,
        },
        onceOf(request, body),
        msLeftFor(request),
      )
      set.status = 201
      set.headers.location = `/api/channel/bookings/${view.id}`
      if (replayed) set.headers[REPLAY_HEADER] = 'true'
      return created(view)
    },
    {
      scope: 'bookings:write',
      parse: jsonBody,
      headers: documented(onceHeaders, 'input'),
      body: schema(body),
      response: {
        201: envelope(bookingSchema, 201),
        ...refusals(
          'session_not_found',
          'patient_not_found',
          'session_full',
          'session_not_bookable',
          'reference_used',
          'number_taken',
          'too_many_holds',
          'request_in_progress',
          'idempotency_key_reused',
        ),
      },
      detail: {
        operationId: 'reservePlace',
        summary: 'Book a place',
        description:
          'Takes the lowest free number of the session for the patient. With `hold` the place is kept for a while and has to be completed; a client holds so many at a time, and no more than half of a session.',
        tags: ['Bookings'],
      },
    },
  )
