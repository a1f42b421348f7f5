import { identityOf, success } from '@channelling/http'
import { Elysia } from 'elysia'
import type { Dependencies } from '../app'
import { findWebhook } from '../webhooks/store/webhooks'
import { oneWebhook, webhookView } from './shapes/webhook'

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
        ...oneWebhook,
        detail: {
          summary: 'Read a webhook',
          description: 'What it asks for, how far it was told, and whether it is paused or failing.',
          tags: ['Notifications'],
          operationId: 'getWebhook',
        },
      },
    )
