import { idInText, Refusal } from '@channelling/contract'
import { envelope, refusals, schema, success } from '@channelling/http'
import { Elysia } from 'elysia'
import { z } from 'zod'
import type { Dependencies } from '../dependencies'
import { findSession } from '../store/sessions'
import { session, sessionView } from './shapes/session'

export const getSession = ({
  database,
  calendar,
  clock,
  identity,
}: Pick<Dependencies, 'database' | 'calendar' | 'clock' | 'identity'>) =>
  new Elysia().use(identity).get(
    '/api/channel/sessions/:id',
    async ({ params: { id } }) => {
      const now = clock()
      const found = await findSession(database, id, now)
      if (!found) throw new Refusal('session_not_found', 'There is no such session')
      return success(sessionView(found, now, calendar))
    },
    {
      scope: 'catalogue:read',
      params: schema(z.object({ id: idInText })),
      response: { 200: envelope(session), ...refusals('session_not_found') },
      detail: {
        summary: 'Show a session',
        description: 'With its status, fees, places left and the number that the next booking gets, as of now.',
        tags: ['Catalogue'],
        operationId: 'getSession',
      },
    },
  )
