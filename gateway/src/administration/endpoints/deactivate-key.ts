import { deactivateKey } from '@channelling/access'
import { idInText } from '@channelling/contract'
import { envelope, refusals, schema, success } from '@channelling/http'
import { Elysia } from 'elysia'
import { z } from 'zod'
import { actOf } from '../act'
import type { Dependencies } from '../dependencies'
import { key, keyView, retiredForGood } from './shapes'

export const deactivateKeyEndpoint = ({
  identity,
  database,
  keyring,
  calendar,
  clock,
}: Pick<Dependencies, 'identity' | 'database' | 'keyring' | 'calendar' | 'clock'>) =>
  new Elysia().use(identity).put(
    '/api/admin/keys/:id/deactivate',
    async ({ params, caller, request }) => {
      const record = await deactivateKey(database, params.id, actOf(caller, request, clock()))
      keyring.forget({ keyId: params.id })
      return success(keyView(record, calendar))
    },
    {
      scope: 'admin',
      params: schema(z.object({ id: idInText })),
      response: { 200: envelope(key), ...refusals('key_not_found', 'last_admin_key', retiredForGood) },
      detail: {
        summary: 'Switch a key off',
        description:
          'Refuses the key from the next request on, until it is switched on again. The last working admin key stays on: another one has to work for as long, or for 7 days.',
        tags: ['Administration'],
        operationId: 'deactivateKey',
      },
    },
  )
