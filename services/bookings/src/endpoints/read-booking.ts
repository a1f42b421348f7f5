import { type Instant, idInText, Refusal } from '@channelling/contract'
import { envelope, type Identity, refusals, schema, success } from '@channelling/http'
import { Elysia } from 'elysia'
import { z } from 'zod'
import type { BookingReads } from '../store/reads'
import { bookingSchema, type View } from './booking'

export const readBookingEndpoint = ({
  reads,
  identity,
  view,
  clock,
}: {
  reads: BookingReads
  identity: Identity
  view: View
  clock: () => Instant
}) =>
  new Elysia().use(identity).get(
    '/api/channel/bookings/:id',
    async ({ params, caller }) => {
      const place = await reads.byId(params.id, caller)
      if (!place) throw new Refusal('booking_not_found', 'There is no such booking')
      return success(view(place, clock()))
    },
    {
      scope: 'bookings:read',
      params: schema(z.object({ id: idInText })),
      response: { 200: envelope(bookingSchema), ...refusals('booking_not_found') },
      detail: { operationId: 'readBooking', summary: 'Read a booking', tags: ['Bookings'] },
    },
  )
