import { disableClient } from '@channelling/access'
import { idInText } from '@channelling/contract'
import { envelope, refusals, schema, success } from '@channelling/http'
import { Elysia } from 'elysia'
import { z } from 'zod'
import { actOf } from '../act'
import type { Dependencies } from '../dependencies'
import { client, clientView } from './shapes'

export const disableClientEndpoint = ({
  identity,
  database,
  keyring,
  calendar,
  clock,
}: Pick<Dependencies, 'identity' | 'database' | 'keyring' | 'calendar' | 'clock'>) =>
  new Elysia().use(identity).put(
    '/api/admin/clients/:id/disable',
    async ({ params, caller, request }) => {
      const record = await disableClient(database, params.id, actOf(caller, request, clock()))
      keyring.forget({ clientId: params.id })
      return success(clientView(record, calendar))
    },
    {
      scope: 'admin',
      params: schema(z.object({ id: idInText })),
      response: { 200: envelope(client), ...refusals('client_not_found', 'last_admin_key') },
      detail: {
        summary: 'Disable an API client',
        description:
          'Refuses every key of the client from the next request on, until it is enabled again. Refused unless an admin key of another client works for as long as those of this one, or for 7 days. Disabling a disabled client changes nothing.',
        tags: ['Administration'],
        operationId: 'disableClient',
      },
    },
  )
