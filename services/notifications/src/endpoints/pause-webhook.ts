import { idInText } from '@channelling/contract'
import { envelope, identityOf, refusals, schema, success } from '@channelling/http'
import { Elysia } from 'elysia'
import { z } from 'zod'
import type { Dependencies } from '../app'
import { pauseWebhook } from '../webhooks/store/change-webhook'
import { webhook, webhookView } from './shapes/webhook'

export const pauseWebhookEndpoint = ({
  database,
  calendar,
  clock,
  secret,
}: Pick<Dependencies, 'database' | 'calendar' | 'clock' | 'secret'>) =>
  new Elysia().use(identityOf(secret)).put(
    '/api/notifications/webhooks/:id/pause',
    async ({ params: { id }, caller }) => {
      const now = clock()
      return success(webhookView(await pauseWebhook(database, id, caller, now), calendar, now))
    },
    {
      scope: 'notifications:write',
      params: schema(z.object({ id: idInText })),
      response: { 200: envelope(webhook), ...refusals('webhook_not_found') },
      detail: {
        summary: 'Pause a webhook',
        description:
          'Nothing is sent until it is resumed; what happens meanwhile is kept for it. Pausing a paused one changes nothing.',
        tags: ['Notifications'],
        operationId: 'pauseWebhook',
      },
    },
  )
