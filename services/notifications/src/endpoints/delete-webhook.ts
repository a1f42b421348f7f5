import { idInText } from '@channelling/contract'
import { envelope, identityOf, refusals, schema, success } from '@channelling/http'
import { Elysia } from 'elysia'
import { z } from 'zod'
import type { Dependencies } from '../app'
import { deleteWebhook } from '../webhooks/store/change-webhook'
import { webhook, webhookView } from './shapes/webhook'

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
      params: schema(z.object({ id: idInText })),
      response: { 200: envelope(webhook), ...refusals('webhook_not_found') },
      detail: {
        summary: 'Delete a webhook',
        description: 'For good, with its log and what waits. Answers what it was.',
        tags: ['Notifications'],
        operationId: 'deleteWebhook',
      },
    },
  )
