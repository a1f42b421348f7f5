import { idInText, Refusal, text } from '@channelling/contract'
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
import { type BookingView, bookingSchema } from './booking'
import { onceHeaders, onceOf } from './once'

export const cancelBookingEndpoint = ({ engine, identity }: { engine: Engine<BookingView>; identity: Identity }) =>
  new Elysia().use(identity).put(
    '/api/channel/bookings/:id/cancel',
    async ({ params, body, caller, request, set }) => {
      const by = body?.by ?? 'patient'
      if (by === 'hospital' && caller.access !== 'all') {
        throw new Refusal('scope_missing', 'Only a client of the whole hospital cancels in its name')
      }
      const { view, replayed } = await engine.submit(
        { kind: 'cancel', caller, bookingId: params.id, actor: by, reason: body?.reason ?? null },
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
          .strictObject({
            reason: text(200).optional(),
            by: z
              .enum(['patient', 'hospital'], 'must be patient or hospital')
              .optional()
              .meta({ description: 'Who gives it up; `hospital` needs a client of access `all`' }),
          })
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
        operationId: 'cancelBooking',
        summary: 'Cancel a booking',
        description:
          'Gives the place and its number back. Refused once the booking is seen, absent or already cancelled.',
        tags: ['Bookings'],
      },
    },
  )
