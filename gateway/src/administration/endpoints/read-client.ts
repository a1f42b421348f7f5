import { findClient } from '@channelling/access'
import { idInText } from '@channelling/contract'
import { envelope, refusals, schema, success } from '@channelling/http'
import { Elysia } from 'elysia'
import { z } from 'zod'
import type { Dependencies } from '../dependencies'
import { client, clientView } from './shapes'

export const readClientEndpoint = ({
  identity,
  database,
  calendar,
}: Pick<Dependencies, 'identity' | 'database' | 'calendar'>) =>
  new Elysia()
    .use(identity)
    .get(
      '/api/admin/clients/:id',
      async ({ params }) => success(clientView(await findClient(database, params.id), calendar)),
      {
        scope: 'admin',
        params: schema(z.object({ id: idInText })),
        response: { 200: envelope(client), ...refusals('client_not_found') },
        detail: {
          summary: 'Read an API client',
          description: 'One client, whether or not it is disabled.',
          tags: ['Administration'],
          operationId: 'getClient',
        },
      },
    )
