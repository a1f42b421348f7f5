import { DAY_MS, idInText } from '@channelling/contract'
import { envelope, identityOf, refusals, schema, success } from '@channelling/http'
import { Elysia } from 'elysia'
import { z } from 'zod'
import type { Dependencies } from '../app'
import { drawSecret } from '../webhooks/sign'
import { rotateSecret } from '../webhooks/store/change-webhook'
import { webhookView, webhookWithSecret } from './shapes/webhook'

export const rotateWebhookSecretEndpoint = ({
  database,
  calendar,
  clock,
  secret: identitySecret,
}: Pick<Dependencies, 'database' | 'calendar' | 'clock' | 'secret'>) =>
  new Elysia().use(identityOf(identitySecret)).put(
    '/api/notifications/webhooks/:id/rotate-secret',
    async ({ params: { id }, caller, set }) => {
      const now = clock()
      const secret = drawSecret()
      const record = await rotateSecret(database, id, caller, { secret, until: now + DAY_MS })
      set.headers['cache-control'] = 'no-store'
      return success({ ...webhookView(record, calendar, now), secret })
    },
    {
      scope: 'notifications:write',
      params: schema(z.object({ id: idInText })),
      response: { 200: envelope(webhookWithSecret), ...refusals('webhook_not_found') },
      detail: {
        summary: 'Rotate the secret of a webhook',
        description:
          'Signs with a new secret from now on, and for 24 hours with the one of before as well, so that the receiver can change over in its own time. The new secret is shown in this answer only.',
        tags: ['Notifications'],
        operationId: 'rotateWebhookSecret',
      },
    },
  )
