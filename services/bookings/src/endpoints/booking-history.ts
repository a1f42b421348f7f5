import { type Calendar, dateTimeOut, eventTypes, idInText, Refusal } from '@channelling/contract'
import { type Identity, listEnvelope, listed, refusals, schema } from '@channelling/http'
import { Elysia } from 'elysia'
import { z } from 'zod'
import { bookingStatuses } from '../rules/booking'
import type { BookingReads } from '../store/reads'

const transition = z.object({
  type: z.enum(eventTypes),
  at: dateTimeOut,
  status: z.enum(bookingStatuses),
  sessionId: z.int(),
  number: z.int().nullable(),
  fromSessionId: z.int().nullable(),
  fromNumber: z.int().nullable(),
  client: z.string().nullable().meta({ description: 'Who did it; null for what happened by itself' }),
  actor: z.enum(['patient', 'hospital']).nullable(),
  reason: z.string().nullable(),
})

export const bookingHistoryEndpoint = ({
  reads,
  identity,
  calendar,
}: {
  reads: BookingReads
  identity: Identity
  calendar: Calendar
}) =>
  new Elysia().use(identity).get(
    '/api/channel/bookings/:id/history',
    async ({ params, caller }) => {
      if (!(await reads.byId(params.id, caller))) throw new Refusal('booking_not_found', 'There is no such booking')
      const transitions = await reads.history(params.id)
      return listed(
        transitions.map(({ type, at, sessionId, client, payload }) => ({
          type,
          at: calendar.format(at),
          status: payload.toStatus as (typeof bookingStatuses)[number],
          sessionId,
          number: payload.number ?? null,
          fromSessionId: payload.fromSessionId ?? null,
          fromNumber: payload.fromNumber ?? null,
          client,
          actor: payload.actor ?? null,
          reason: payload.reason ?? null,
        })),
        { page: 0, size: Math.max(1, transitions.length), total: transitions.length },
      )
    },
    {
      scope: 'bookings:read',
      params: schema(z.object({ id: idInText })),
      response: { 200: listEnvelope(transition), ...refusals('booking_not_found') },
      detail: {
        operationId: 'readBookingHistory',
        summary: 'Read the history of a booking',
        description: 'Every transition, oldest first: what, when, by which client and why.',
        tags: ['Bookings'],
      },
    },
  )
