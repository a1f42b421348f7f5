import { idInText, paging } from '@channelling/contract'
import { identityOf, listEnvelope, listed, refusals, schema } from '@channelling/http'
import { Elysia } from 'elysia'
import { z } from 'zod'
import type { Dependencies } from '../app'
import { deliveryStatuses, listDeliveries } from '../webhooks/store/deliveries'
import { findWebhook } from '../webhooks/store/webhooks'
import { delivery, deliveryView } from './shapes/webhook'

export const listWebhookDeliveriesEndpoint = ({
  database,
  calendar,
  secret,
}: Pick<Dependencies, 'database' | 'calendar' | 'secret'>) =>
  new Elysia().use(identityOf(secret)).get(
    '/api/notifications/webhooks/:id/deliveries',
    async ({ params: { id }, query, caller }) => {
      await findWebhook(database, id, caller)
      const { deliveries, total } = await listDeliveries(database, id, query)
      return listed(
        deliveries.map((one) => deliveryView(one, calendar)),
        { page: query.page, size: query.size, total },
      )
    },
    {
      scope: 'notifications:write',
      params: schema(z.object({ id: idInText })),
      query: schema(z.strictObject({ status: z.enum(deliveryStatuses).optional(), ...paging })),
      response: { 200: listEnvelope(delivery), ...refusals('webhook_not_found') },
      detail: {
        summary: 'List the deliveries of a webhook',
        description:
          'Newest first: what waits, and what came of the rest. Kept for 30 days, and of one webhook the last 100 000 that arrived. Nothing of what the receiver answered is kept but its status.',
        tags: ['Notifications'],
        operationId: 'listWebhookDeliveries',
      },
    },
  )
