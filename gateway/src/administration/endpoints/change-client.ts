import { updateClient } from '@channelling/access'
import { idInText } from '@channelling/contract'
import { envelope, jsonBody, refusals, schema, success } from '@channelling/http'
import { Elysia } from 'elysia'
import { z } from 'zod'
import { actOf } from '../act'
import type { Dependencies } from '../dependencies'
import { client, clientAccess, clientContact, clientName, clientView } from './shapes'

export const changeClientEndpoint = ({
  identity,
  database,
  keyring,
  calendar,
  clock,
}: Pick<Dependencies, 'identity' | 'database' | 'keyring' | 'calendar' | 'clock'>) =>
  new Elysia().use(identity).put(
    '/api/admin/clients/:id',
    async ({ params, body, caller, request }) => {
      const record = await updateClient(database, params.id, body, actOf(caller, request, clock()))
      keyring.forget({ clientId: params.id })
      return success(clientView(record, calendar))
    },
    {
      scope: 'admin',
      parse: jsonBody,
      params: schema(z.object({ id: idInText })),
      body: schema(
        z
          .strictObject({ name: clientName, contact: clientContact, access: clientAccess })
          .partial()
          .refine((body) => Object.keys(body).length > 0, 'must hold at least one of name, contact and access'),
      ),
      response: { 200: envelope(client), ...refusals('client_not_found', 'already_exists') },
      detail: {
        summary: 'Change an API client',
        description:
          'Changes what is given and leaves the rest; `contact: null` takes the contact away. A change of `access` holds from the next request of its keys on.',
        tags: ['Administration'],
        operationId: 'changeClient',
      },
    },
  )
