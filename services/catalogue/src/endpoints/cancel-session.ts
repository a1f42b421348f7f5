import { idInText, Refusal } from '@channelling/contract'
import { envelope, refusals, schema, success } from '@channelling/http'
import { Elysia } from 'elysia'
import { z } from 'zod'
import type { Dependencies } from '../dependencies'
import { cancelSession } from '../rules/session-change'
import { amendSession } from '../store/session-changes'
import { session, sessionView } from './shapes/session'

export const cancelSessionEndpoint = ({
  database,
  calendar,
  clock,
  identity,
}: Pick<Dependencies, 'database' | 'calendar' | 'clock' | 'identity'>) =>
  new Elysia().use(identity).delete(
    '/api/channel/sessions/:id',
    async ({ params: { id }, caller: { clientId } }) => {
      const now = clock()
      const decide = (found: Parameters<typeof cancelSession>[0]) => cancelSession(found, now)
      const cancelled = await amendSession(database, id, decide, { clientId, now })
      if (!cancelled) throw new Refusal('session_not_found', 'There is no such session')
      return success(sessionView(cancelled, now, calendar))
    },
    {
      scope: 'catalogue:write',
      params: schema(z.object({ id: idInText })),
      response: { 200: envelope(session), ...refusals('session_not_found', 'status_not_allowed') },
      detail: {
        summary: 'Cancel a session',
        description:
          'For good; it is still listed. It takes no booking from now on, and those it has are given up in the hospital’s name within moments, each with its event. Cancelling it again does nothing.',
        tags: ['Catalogue'],
        operationId: 'cancelSession',
      },
    },
  )
