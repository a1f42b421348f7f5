import { rotateKey } from '@channelling/access'
import { dateTime, idInText, MINUTE_MS } from '@channelling/contract'
import { created, envelope, jsonBody, refusals, schema } from '@channelling/http'
import { Elysia } from 'elysia'
import { z } from 'zod'
import { actOf } from '../act'
import type { Dependencies } from '../dependencies'
import { expiryOf } from '../rules/expiry'
import { issuedKey, keyView, retiredForGood } from './shapes'

const OVERLAP_MINUTES_MAX = 30 * 24 * 60
const overlapMessage = `must be a whole number from 0 to ${OVERLAP_MINUTES_MAX}`

export const rotateKeyEndpoint = ({
  identity,
  database,
  keyring,
  calendar,
  clock,
}: Pick<Dependencies, 'identity' | 'database' | 'keyring' | 'calendar' | 'clock'>) =>
  new Elysia().use(identity).put(
    '/api/admin/keys/:id/rotate',
    async ({ params, body, caller, request, set }) => {
      const now = clock()
      const { overlapMinutes = 0, expiresAt: until } = body ?? {}
      const expiresAt = until === undefined ? undefined : expiryOf(until, 'body.expiresAt', calendar, now)
      const wanted = { overlapMs: overlapMinutes * MINUTE_MS, expiresAt }
      const issued = await rotateKey(database, params.id, wanted, actOf(caller, request, now))
      keyring.forget({ keyId: params.id })
      set.status = 201
      set.headers.location = `/api/admin/keys/${issued.id}`
      set.headers['cache-control'] = 'no-store'
      return created(keyView(issued, calendar))
    },
    {
      scope: 'admin',
      parse: jsonBody,
      params: schema(z.object({ id: idInText })),
      body: schema(
        z
          .strictObject({
            overlapMinutes: z
              .int(overlapMessage)
              .min(0, overlapMessage)
              .max(OVERLAP_MINUTES_MAX, overlapMessage)
              .optional()
              .meta({ description: 'For how long the old key goes on working; 0 by default' }),
            expiresAt: dateTime.optional().meta({
              description:
                'Of the new key, as when issuing one. By default it is given as long a life as the old one was',
            }),
          })
          .nullish(),
      ),
      response: { 201: envelope(issuedKey, 201), ...refusals('key_not_found', 'last_admin_key', retiredForGood) },
      detail: {
        summary: 'Rotate a key',
        description:
          'Issues a new key with the client, the scopes and the on-or-off of the old one, and retires the old one when the overlap ends. An admin key is not made to expire sooner that way, unless another one works for as long as it would have, or for 7 days. The new key is shown in this answer only.',
        tags: ['Administration'],
        operationId: 'rotateKey',
      },
    },
  )
