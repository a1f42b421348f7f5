import { paging } from '@channelling/contract'
import { identityOf, listEnvelope, listed, refusals, schema } from '@channelling/http'
import { Elysia } from 'elysia'
import { z } from 'zod'
import type { Dependencies } from '../app'
import { listWebhooks } from '../webhooks/store/webhooks'
import { webhook, webhookView } from './shapes/webhook'

export const listWebhooksEndpoint = ({
  database,
  calendar,
  clock,
  secret,
}: Pick<Dependencies, 'database' | 'calendar' | 'clock' | 'secret'>) =>
  new Elysia().use(identityOf(secret)).get(
    '/api/notifications/webhooks',
    async ({ query, caller }) => {
      const { webhooks, total } = await listWebhooks(database, caller, query)
      const now = clock()
      return listed(
        webhooks.map((one) => webhookView(one, calendar, now)),
        { page: query.page, size: query.size, total },
      )
    },
    {
      scope: 'notifications:write',
      query: schema(z.strictObject(paging)),
      response: { 200: listEnvelope(webhook), ...refusals() },
      detail: {
        summary: 'List the webhooks',
        description: 'Oldest first: your own, or with access `all` those of every client. Without their secrets.',
        tags: ['Notifications'],
        operationId: 'listWebhooks',
      },
    },
  )
