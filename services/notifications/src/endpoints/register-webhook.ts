import { created, envelope, identityOf, jsonBody, refusals, schema } from '@channelling/http'
import { Elysia } from 'elysia'
import { z } from 'zod'
import type { Dependencies } from '../app'
import { drawSecret } from '../webhooks/sign'
import { registerWebhook } from '../webhooks/store/webhooks'
import { webhookDescription, webhookFilters, webhookUrl, webhookView, webhookWithSecret } from './shapes/webhook'

export const registerWebhookEndpoint = ({
  database,
  calendar,
  clock,
  secret: identitySecret,
  receivers,
}: Pick<Dependencies, 'database' | 'calendar' | 'clock' | 'secret' | 'receivers'>) =>
  new Elysia().use(identityOf(identitySecret)).post(
    '/api/notifications/webhooks',
    async ({ body, caller, set }) => {
      await receivers.judge(body.url, 'body.url')
      const { url, description = null, sessionIds = null, consultantIds = null, types = null } = body
      const given = { url, description, sessionIds, consultantIds, types }
      const now = clock()
      const secret = drawSecret()
      const record = await registerWebhook(database, given, { clientId: caller.clientId, secret, at: now })
      set.status = 201
      set.headers.location = `/api/notifications/webhooks/${record.id}`
      set.headers['cache-control'] = 'no-store'
      return created({ ...webhookView(record, calendar, now), secret })
    },
    {
      scope: 'notifications:write',
      parse: jsonBody,
      body: schema(z.strictObject({ url: webhookUrl, description: webhookDescription.optional(), ...webhookFilters })),
      response: { 201: envelope(webhookWithSecret, 201), ...refusals('too_many_webhooks') },
      detail: {
        summary: 'Register a webhook',
        description:
          'What happens from now on is posted to the address, each event as one message, signed by the Standard Webhooks scheme, in order within each session, at least once. With access `own` messages about bookings of other clients say no more than that the session changed. The secret is shown in this answer only.',
        tags: ['Notifications'],
        operationId: 'registerWebhook',
      },
    },
  )
