import { dateTime, idInText, Refusal, text } from '@channelling/contract'
import { envelope, jsonBody, refusals, schema, success } from '@channelling/http'
import { Elysia } from 'elysia'
import { z } from 'zod'
import type { Dependencies } from '../dependencies'
import { changeSession } from '../rules/session-change'
import { settableStatuses } from '../rules/transitions'
import { amendSession } from '../store/session-changes'
import { session, sessionView } from './shapes/session'
import { capacity, feesBody, feesGiven, minutesPerPatient, room } from './shapes/terms'

const body = z.strictObject({
  room: room.nullable().optional(),
  capacity: capacity.optional(),
  endsAt: dateTime.optional(),
  minutesPerPatient: minutesPerPatient.optional(),
  fees: feesBody.optional(),
  status: z.enum(settableStatuses, `must be one of ${settableStatuses.join(', ')}`).optional(),
  statusReason: text(200).nullable().optional(),
})

export const changeSessionEndpoint = ({
  database,
  calendar,
  clock,
  identity,
}: Pick<Dependencies, 'database' | 'calendar' | 'clock' | 'identity'>) =>
  new Elysia().use(identity).put(
    '/api/channel/sessions/:id',
    async ({ params: { id }, body, caller: { clientId } }) => {
      const now = clock()
      const { endsAt, fees, ...rest } = body
      const asked = {
        ...rest,
        endsAt: endsAt === undefined ? undefined : calendar.read(endsAt, 'body.endsAt'),
        ...(fees && feesGiven(fees)),
      }
      const decide = (found: Parameters<typeof changeSession>[0]) => changeSession(found, asked, now)
      const changed = await amendSession(database, id, decide, { clientId, now })
      if (!changed) throw new Refusal('session_not_found', 'There is no such session')
      return success(sessionView(changed, now, calendar))
    },
    {
      scope: 'catalogue:write',
      parse: jsonBody,
      params: schema(z.object({ id: idInText })),
      body: schema(body),
      response: {
        200: envelope(session),
        ...refusals('session_not_found', 'status_not_allowed', 'capacity_below_taken'),
      },
      detail: {
        summary: 'Change a session',
        description:
          'Changes what is given and leaves the rest. `status` holds, resumes (Available), starts, ends it or makes it a holiday; ' +
          'one that has ended or was cancelled stays so. Another status without a `statusReason` drops the old one. ' +
          'Bookings made keep their fees.',
        tags: ['Catalogue'],
        operationId: 'changeSession',
      },
    },
  )
