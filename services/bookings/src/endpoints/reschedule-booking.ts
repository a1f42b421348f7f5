import { idInText, positiveId, text } from '@channelling/contract'
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
import { type BookingView, movedBookingSchema } from './booking'
import { onceHeaders, onceOf } from './once'

export const rescheduleBookingEndpoint = ({ engine, identity }: { engine: Engine<BookingView>; identity: Identity }) =>
  new Elysia().use(identity).put(
    '/api/channel/bookings/:id/reschedule',
    async ({ params, body, caller, request, set }) => {
      const { view, replayed } = await engine.submit(
        {
          kind: 'reschedule',
          caller,
          bookingId: params.id,
          sessionId: body.sessionInstanceId,
          reason: body.reason ?? null,
        },
        onceOf(request, body),
        msLeftFor(request),
      )
      if (replayed) set.headers[REPLAY_HEADER] = 'true'
      return success({ ...view, feeDifference: view.feeDifference ?? 0 })
    },
    {
      scope: 'bookings:write',
      parse: jsonBody,
      headers: documented(onceHeaders, 'input'),
      params: schema(z.object({ id: idInText })),
      body: schema(z.strictObject({ sessionInstanceId: positiveId, reason: text(200).optional() })),
      response: {
        200: envelope(movedBookingSchema),
        ...refusals(
          'booking_not_found',
          'session_not_found',
          'session_full',
          'session_not_bookable',
          'booking_not_active',
          'booking_expired',
          'same_session',
          'too_many_holds',
          'request_in_progress',
          'idempotency_key_reused',
        ),
      },
      detail: {
        operationId: 'rescheduleBooking',
        summary: 'Move a booking to another session',
        description:
          'The booking keeps its id and takes the lowest free number of the other session, at that session’s fee; `feeDifference` says how that changed. A refused move changes nothing.',
        tags: ['Bookings'],
      },
    },
  )
