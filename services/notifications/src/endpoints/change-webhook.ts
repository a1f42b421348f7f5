import { identityOf, jsonBody, schema, success } from '@channelling/http'
import { Elysia } from 'elysia'
import { z } from 'zod'
import type { Dependencies } from '../app'
import { changeWebhook } from '../webhooks/store/change-webhook'
import { findWebhook } from '../webhooks/store/webhooks'
import { oneWebhook, webhookDescription, webhookFilters, webhookUrl, webhookView } from './shapes/webhook'

export const changeWebhookEndpoint = ({
  database,
  calendar,
  clock,
  secret,
  receivers,
}: Pick<Dependencies, 'database' | 'calendar' | 'clock' | 'secret' | 'receivers'>) =>
  new Elysia().use(identityOf(secret)).put(
    '/api/notifications/webhooks/:id',
    async ({ params: { id }, body, caller }) => {
      await findWebhook(database, id, caller)
      if (body.url !== undefined) await receivers.judge(body.url, 'body.url')
      return success(webhookView(await changeWebhook(database, id, caller, body), calendar, clock()))
    },
    {
      scope: 'notifications:write',
      parse: jsonBody,
      ...oneWebhook,
      body: schema(
        z.strictObject({ url: webhookUrl.optional(), description: webhookDescription.optional(), ...webhookFilters }),
      ),
      detail: {
        summary: 'Change a webhook',
        description:
          'Changes what is given; null takes a filter away. Messages that wait go to the new address; a filter holds for what happens from now on.',
        tags: ['Notifications'],
        operationId: 'changeWebhook',
      },
    },
  )
