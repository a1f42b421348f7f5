import { findKey } from '@channelling/access'
import { idInText } from '@channelling/contract'
import { envelope, refusals, schema, success } from '@channelling/http'
import { Elysia } from 'elysia'
import { z } from 'zod'
import type { Dependencies } from '../dependencies'
import { key, keyView } from './shapes'

export const readKeyEndpoint = ({
  identity,
  database,
  calendar,
}: Pick<Dependencies, 'identity' | 'database' | 'calendar'>) =>
  new Elysia()
    .use(identity)
    .get('/api/admin/keys/:id', async ({ params }) => success(keyView(await findKey(database, params.id), calendar)), {
      scope: 'admin',
      params: schema(z.object({ id: idInText })),
      response: { 200: envelope(key), ...refusals('key_not_found') },
      detail: {
        summary: 'Read the record of a key',
        description: 'Whatever its state. The key itself is not shown again.',
        tags: ['Administration'],
        operationId: 'getKey',
      },
    })
