import { identityOf, success } from '@channelling/http'
import { Elysia } from 'elysia'
import type { Dependencies } from '../app'
import { deleteWebhook } from '../webhooks/store/change-webhook'
import { oneWebhook, webhookView } from './shapes/webhook'

export const deleteWebhookEndpoint = ({
  database,
  calendar,
  clock,
  secret,
}: Pick<Dependencies, 'database' | 'calendar' | 'clock' | 'secret'>) =>
  new Elysia().use(identityOf(secret)).delete(
    '/api/notifications/webhooks/:id',
    async ({ params: { id }, caller }) => {
      const now = clock()
      return success(webhookView(await deleteWebhook(database, id, caller, now), calendar, now))
    },
    {
      scope: 'notifications:write',
      ...oneWebhook,
      detail: {
        summary: 'Delete a webhook',
        description: 'For good, with its log and what waits. Answers what it was.',
        tags: ['Notifications'],
        operationId: 'deleteWebhook',
      },
    },
  )
