import { retireKey } from '@channelling/access'
import { idInText } from '@channelling/contract'
import { envelope, refusals, schema, success } from '@channelling/http'
import { Elysia } from 'elysia'
import { z } from 'zod'
import { actOf } from '../act'
import type { Dependencies } from '../dependencies'
import { key, keyView } from './shapes'

export const retireKeyEndpoint = ({
  identity,
  database,
  keyring,
  calendar,
  clock,
}: Pick<Dependencies, 'identity' | 'database' | 'keyring' | 'calendar' | 'clock'>) =>
  new Elysia().use(identity).put(
    '/api/admin/keys/:id/retire',
    async ({ params, caller, request }) => {
      const record = await retireKey(database, params.id, actOf(caller, request, clock()))
      keyring.forget({ keyId: params.id })
      return success(keyView(record, calendar))
    },
    {
      scope: 'admin',
      params: schema(z.object({ id: idInText })),
      response: { 200: envelope(key), ...refusals('key_not_found', 'last_admin_key') },
      detail: {
        summary: 'Retire a key',
        description:
          'Refuses the key from the next request on, for good. The last working admin key stays: another one has to work for as long, or for 7 days. Retiring a retired key changes nothing.',
        tags: ['Administration'],
        operationId: 'retireKey',
      },
    },
  )
