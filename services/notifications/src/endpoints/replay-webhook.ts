import { dateTime } from '@channelling/contract'
import { identityOf, jsonBody, schema, success } from '@channelling/http'
import { Elysia } from 'elysia'
import { z } from 'zod'
import type { Dependencies } from '../app'
import { streamState } from '../store/outbox'
import { deliverFrom } from '../webhooks/store/deliveries'
import { seqSince } from '../webhooks/store/since'
import { findWebhook } from '../webhooks/store/webhooks'
import { oneWebhook, webhookView } from './shapes/webhook'

export const replayWebhookEndpoint = ({
  database,
  calendar,
  clock,
  secret,
}: Pick<Dependencies, 'database' | 'calendar' | 'clock' | 'secret'>) =>
  new Elysia().use(identityOf(secret)).post(
    '/api/notifications/webhooks/:id/replay',
    async ({ params: { id }, body, caller }) => {
      await findWebhook(database, id, caller)
      const since = calendar.read(body.since, 'body.since')
      const stream = await streamState(database)
      await deliverFrom(database, id, stream.epoch, await seqSince(database, stream, since))
      return success(webhookView(await findWebhook(database, id, caller), calendar, clock()))
    },
    {
      scope: 'notifications:write',
      parse: jsonBody,
      ...oneWebhook,
      body: schema(z.strictObject({ since: dateTime })),
      detail: {
        summary: 'Replay a webhook since a moment',
        description:
          'Goes back to that moment, as far as events are kept, and sends everything since again, in order and with the same `webhook-id`s; a few from the minute before may come, too. Only what it asks for now is sent.',
        tags: ['Notifications'],
        operationId: 'replayWebhook',
      },
    },
  )
