import { issueKey } from '@channelling/access'
import { dateTime, positiveId, scopes } from '@channelling/contract'
import { created, envelope, jsonBody, refusals, schema } from '@channelling/http'
import { Elysia } from 'elysia'
import { z } from 'zod'
import { actOf } from '../act'
import type { Dependencies } from '../dependencies'
import { expiryOf } from '../rules/expiry'
import { issuedKey, keyView } from './shapes'

export const issueKeyEndpoint = ({
  identity,
  database,
  calendar,
  clock,
}: Pick<Dependencies, 'identity' | 'database' | 'calendar' | 'clock'>) =>
  new Elysia().use(identity).post(
    '/api/admin/keys',
    async ({ body: { clientId, scopes, expiresAt, active }, caller, request, set }) => {
      const now = clock()
      const wanted = { clientId, scopes, active, expiresAt: expiryOf(expiresAt, 'body.expiresAt', calendar, now) }
      const issued = await issueKey(database, wanted, actOf(caller, request, now))
      set.status = 201
      set.headers.location = `/api/admin/keys/${issued.id}`
      set.headers['cache-control'] = 'no-store'
      return created(keyView(issued, calendar))
    },
    {
      scope: 'admin',
      parse: jsonBody,
      body: schema(
        z.strictObject({
          clientId: positiveId,
          scopes: z.array(z.enum(scopes)).min(1, 'must hold at least one scope').max(scopes.length),
          expiresAt: dateTime.meta({
            description:
              'The first moment at which the key no longer works; a plain date is the last day on which it does',
          }),
          active: z.boolean().default(true),
        }),
      ),
      response: { 201: envelope(issuedKey, 201), ...refusals('client_not_found') },
      detail: {
        summary: 'Issue a key',
        description: 'The only answer that ever holds the key itself: what is kept of it cannot give it back.',
        tags: ['Administration'],
        operationId: 'issueKey',
      },
    },
  )
