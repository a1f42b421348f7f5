import { idInText } from '@channelling/contract'
import { envelope, identityOf, refusals, schema, success } from '@channelling/http'
import { Elysia } from 'elysia'
import { z } from 'zod'
import type { Dependencies } from '../app'
import { findWebhook } from '../webhooks/store/webhooks'
import { webhook, webhookView } from './shapes/webhook'

export const getWebhookEndpoint = ({
  database,
  calendar,
  clock,
  secret,
}: Pick<Dependencies, 'database' | 'calendar' | 'clock' | 'secret'>) =>
  new Elysia()
    .use(identityOf(secret))
    .get(
      '/api/notifications/webhooks/:id',
      async ({ params: { id }, caller }) =>
        success(webhookView(await findWebhook(database, id, caller), calendar, clock())),
      {
        scope: 'notifications:write',
        params: schema(z.object({ id: idInText })),
        response: { 200: envelope(webhook), ...refusals('webhook_not_found') },
        detail: {
          summary: 'Read a webhook',
          description: 'What it asks for, how far it was told, and whether it is paused or failing.',
          tags: ['Notifications'],
          operationId: 'getWebhook',
        },
      },
    )
