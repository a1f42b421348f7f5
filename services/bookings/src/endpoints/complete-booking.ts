import { idInText, text } from '@channelling/contract'
import {
  documented,
  envelope,
  type Identity,
  jsonBody,
  msLeftFor,
  REPLAY_HEADER,
  refusals,
  schema,
  success,
} from '@channelling/http'
import { Elysia } from 'elysia'
import { z } from 'zod'
import type { Engine } from '../engine'
import { paymentMethods } from '../rules/booking'
import { type BookingView, bookingSchema } from './booking'
import { onceHeaders, onceOf } from './once'

export const completeBookingEndpoint = ({ engine, identity }: { engine: Engine<BookingView>; identity: Identity }) =>
  new Elysia().use(identity).put(
    '/api/channel/bookings/:id/complete',
    async ({ params, body, caller, request, set }) => {
      const { view, replayed } = await engine.submit(
        {
          kind: 'complete',
          caller,
          bookingId: params.id,
          paymentMethod: body?.paymentMethod,
          paymentReference: body?.paymentReference,
        },
        onceOf(request, body),
        msLeftFor(request),
      )
      if (replayed) set.headers[REPLAY_HEADER] = 'true'
      return success(view)
    },
    {
      scope: 'bookings:write',
      parse: jsonBody,
      headers: documented(onceHeaders, 'input'),
      params: schema(z.object({ id: idInText })),
      body: schema(
        z
          .strictObject({ paymentMethod: z.enum(paymentMethods).optional(), paymentReference: text(100).optional() })
          .nullish(),
      ),
      response: {
        200: envelope(bookingSchema),
        ...refusals(
          'booking_not_found',
          'booking_not_active',
          'booking_expired',
          'request_in_progress',
          'idempotency_key_reused',
        ),
      },
      detail: {
        operationId: 'completeBooking',
        summary: 'Complete a held booking',
        description:
          'Turns a held place into an active booking. While the hold lives this never fails for lack of a place.',
        tags: ['Bookings'],
      },
    },
  )
