import { idInText } from '@channelling/contract'
import { envelope, identityOf, refusals, schema, success } from '@channelling/http'
import { Elysia } from 'elysia'
import { z } from 'zod'
import type { Dependencies } from '../app'
import { resumeWebhook } from '../webhooks/store/change-webhook'
import { webhook, webhookView } from './shapes/webhook'

export const resumeWebhookEndpoint = ({
  database,
  calendar,
  clock,
  secret,
}: Pick<Dependencies, 'database' | 'calendar' | 'clock' | 'secret'>) =>
  new Elysia().use(identityOf(secret)).put(
    '/api/notifications/webhooks/:id/resume',
    async ({ params: { id }, caller }) => {
      const now = clock()
      return success(webhookView(await resumeWebhook(database, id, caller, now), calendar, now))
    },
    {
      scope: 'notifications:write',
      params: schema(z.object({ id: idInText })),
      response: { 200: envelope(webhook), ...refusals('webhook_not_found') },
      detail: {
        summary: 'Resume a webhook',
        description:
          'Goes on where it stopped, with everything that happened since as far as it is kept, and tries what waits at once.',
        tags: ['Notifications'],
        operationId: 'resumeWebhook',
      },
    },
  )
