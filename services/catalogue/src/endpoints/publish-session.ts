import { dateTime, type Instant, invalidField, positiveId } from '@channelling/contract'
import { created, envelope, jsonBody, refusals, schema } from '@channelling/http'
import { Elysia } from 'elysia'
import { z } from 'zod'
import type { Dependencies } from '../dependencies'
import { publishSession } from '../store/session-changes'
import { findSession } from '../store/sessions'
import { session, sessionView } from './shapes/session'
import { termsBody, termsGiven } from './shapes/terms'

const body = z.strictObject({
  consultantId: positiveId,
  hospitalId: positiveId,
  startsAt: dateTime,
  endsAt: dateTime,
  ...termsBody,
})

export const publishSessionEndpoint = ({
  database,
  calendar,
  clock,
  currency,
  identity,
}: Pick<Dependencies, 'database' | 'calendar' | 'clock' | 'currency' | 'identity'>) =>
  new Elysia().use(identity).post(
    '/api/channel/sessions',
    async ({ body, set, caller: { clientId } }) => {
      const now = clock()
      const startsAt: Instant = calendar.read(body.startsAt, 'body.startsAt')
      const endsAt: Instant = calendar.read(body.endsAt, 'body.endsAt')
      if (endsAt <= startsAt) throw invalidField('body.endsAt', 'must be after startsAt')
      const { consultantId, hospitalId } = body
      const given = { ...termsGiven(body), consultantId, hospitalId, startsAt, endsAt, currency }
      const id = await publishSession(database, given, { clientId, now })
      const published = await findSession(database, id, now)
      set.status = 201
      set.headers.location = `/api/channel/sessions/${id}`
      return created(sessionView(published!, now, calendar))
    },
    {
      scope: 'catalogue:write',
      parse: jsonBody,
      body: schema(body),
      response: {
        201: envelope(session, 201),
        ...refusals('already_exists', 'consultant_not_found', 'hospital_not_found'),
      },
      detail: {
        summary: 'Publish a session',
        description:
          'One outside of any schedule. Refused where the consultant has a session at that hospital and start already.',
        tags: ['Catalogue'],
        operationId: 'publishSession',
      },
    },
  )
