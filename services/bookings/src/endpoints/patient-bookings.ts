import { type Instant, idInText, paging, Refusal } from '@channelling/contract'
import { type Identity, listEnvelope, listed, refusals, schema } from '@channelling/http'
import { Elysia } from 'elysia'
import { z } from 'zod'
import type { BookingReads } from '../store/reads'
import { bookingSchema, type View } from './booking'

export const patientBookingsEndpoint = ({
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
    '/api/channel/bookings/patient/:patientId',
    async ({ params, query, caller }) => {
      const found = await reads.ofPatient(params.patientId, caller, query)
      if (!found) throw new Refusal('patient_not_found', 'There is no such patient')
      const now = clock()
      return listed(
        found.places.map((place) => view(place, now)),
        { ...query, total: found.total },
      )
    },
    {
      scope: 'bookings:read',
      params: schema(z.object({ patientId: idInText })),
      query: schema(z.strictObject(paging)),
      response: { 200: listEnvelope(bookingSchema), ...refusals('patient_not_found') },
      detail: {
        operationId: 'listPatientBookings',
        summary: "List a patient's bookings",
        description: 'Newest first. A client with access `own` sees those it made.',
        tags: ['Bookings'],
      },
    },
  )
