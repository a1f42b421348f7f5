import { enableClient } from '@channelling/access'
import { idInText } from '@channelling/contract'
import { envelope, refusals, schema, success } from '@channelling/http'
import { Elysia } from 'elysia'
import { z } from 'zod'
import { actOf } from '../act'
import type { Dependencies } from '../dependencies'
import { client, clientView } from './shapes'

export const enableClientEndpoint = ({
  identity,
  database,
  keyring,
  calendar,
  clock,
}: Pick<Dependencies, 'identity' | 'database' | 'keyring' | 'calendar' | 'clock'>) =>
  new Elysia().use(identity).put(
    '/api/admin/clients/:id/enable',
    async ({ params, caller, request }) => {
      const record = await enableClient(database, params.id, actOf(caller, request, clock()))
      keyring.forget({ clientId: params.id })
      return success(clientView(record, calendar))
    },
    {
      scope: 'admin',
      params: schema(z.object({ id: idInText })),
      response: { 200: envelope(client), ...refusals('client_not_found') },
      detail: {
        summary: 'Enable an API client',
        description: 'Lets the keys of a disabled client work again. Enabling an enabled client changes nothing.',
        tags: ['Administration'],
        operationId: 'enableClient',
      },
    },
  )
