import { idInText, Refusal } from '@channelling/contract'
import { envelope, identityOf, refusals, schema, success } from '@channelling/http'
import { Elysia } from 'elysia'
import { z } from 'zod'
import type { Dependencies } from '../app'
import { messageAgain } from '../webhooks/delivery'
import { deliverAgain, findDelivery } from '../webhooks/store/deliveries'
import { findWebhook } from '../webhooks/store/webhooks'
import { delivery, deliveryView } from './shapes/webhook'

export const replayWebhookDeliveryEndpoint = ({
  database,
  calendar,
  clock,
  secret,
}: Pick<Dependencies, 'database' | 'calendar' | 'clock' | 'secret'>) =>
  new Elysia().use(identityOf(secret)).post(
    '/api/notifications/webhooks/:id/deliveries/:deliveryId/replay',
    async ({ params: { id, deliveryId }, caller }) => {
      const webhook = await findWebhook(database, id, caller)
      const found = await findDelivery(database, id, deliveryId)
      const message = found.status === 'waiting' ? null : await messageAgain(database, found, webhook, calendar)
      if (found.status !== 'waiting' && message === null) {
        throw new Refusal('event_gone', 'What was sent is no longer kept, so it cannot be sent again')
      }
      await deliverAgain(database, found, message, clock())
      return success(deliveryView(await findDelivery(database, id, deliveryId), calendar))
    },
    {
      scope: 'notifications:write',
      params: schema(z.object({ id: idInText, deliveryId: idInText })),
      response: {
        200: envelope(delivery),
        ...refusals('webhook_not_found', 'delivery_not_found', 'event_gone'),
      },
      detail: {
        summary: 'Replay a delivery',
        description:
          'Sends the message again, with the same `webhook-id`, whatever came of it before, and without waiting for others of its session. One that waits for its next attempt is tried at once. A paused webhook sends it once it is resumed.',
        tags: ['Notifications'],
        operationId: 'replayWebhookDelivery',
      },
    },
  )
