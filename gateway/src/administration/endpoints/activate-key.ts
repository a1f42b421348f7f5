import { activateKey } from '@channelling/access'
import { idInText } from '@channelling/contract'
import { envelope, refusals, schema, success } from '@channelling/http'
import { Elysia } from 'elysia'
import { z } from 'zod'
import { actOf } from '../act'
import type { Dependencies } from '../dependencies'
import { key, keyView, retiredForGood } from './shapes'

export const activateKeyEndpoint = ({
  identity,
  database,
  keyring,
  calendar,
  clock,
}: Pick<Dependencies, 'identity' | 'database' | 'keyring' | 'calendar' | 'clock'>) =>
  new Elysia().use(identity).put(
    '/api/admin/keys/:id/activate',
    async ({ params, caller, request }) => {
      const record = await activateKey(database, params.id, actOf(caller, request, clock()))
      keyring.forget({ keyId: params.id })
      return success(keyView(record, calendar))
    },
    {
      scope: 'admin',
      params: schema(z.object({ id: idInText })),
      response: { 200: envelope(key), ...refusals('key_not_found', retiredForGood) },
      detail: {
        summary: 'Switch a key on',
        description: 'Lets a key that was switched off work again. A retired key does not come back.',
        tags: ['Administration'],
        operationId: 'activateKey',
      },
    },
  )
