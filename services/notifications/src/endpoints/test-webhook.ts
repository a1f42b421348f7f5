import { randomUUID } from 'node:crypto'
import { idInText } from '@channelling/contract'
import { envelope, identityOf, refusals, schema, success } from '@channelling/http'
import { Elysia } from 'elysia'
import { z } from 'zod'
import type { Dependencies } from '../app'
import { failures } from '../webhooks/post'
import { signedHeaders } from '../webhooks/sign'
import { noteTest } from '../webhooks/store/deliveries'
import { findWebhook, secretsOf } from '../webhooks/store/webhooks'

/** Somebody waits for the answer. */
const TEST_MS_MAX = 5000

const outcome = z.object({
  delivered: z.boolean(),
  messageId: z.string(),
  httpStatus: z.int().nullable(),
  failure: z.enum(failures).nullable(),
  durationMs: z.int().min(0),
})

export const testWebhookEndpoint = ({
  database,
  calendar,
  clock,
  secret,
  receivers,
}: Pick<Dependencies, 'database' | 'calendar' | 'clock' | 'secret' | 'receivers'>) =>
  new Elysia().use(identityOf(secret)).post(
    '/api/notifications/webhooks/:id/test',
    async ({ params: { id }, caller }) => {
      const { url } = await findWebhook(database, id, caller)
      const at = clock()
      const messageId = `test:${randomUUID()}`
      const body = JSON.stringify({ type: 'webhook.test', webhookId: id, at: calendar.format(at) })
      const headers = signedHeaders({ messageId, body }, await secretsOf(database, id, at))
      const answer = await receivers.send({ url, headers, body, timeoutMs: TEST_MS_MAX })
      const { httpStatus, failure, durationMs } = answer
      await noteTest(database, id, { messageId, httpStatus, failure, durationMs, at })
      return success({ delivered: failure === null, messageId, httpStatus, failure, durationMs })
    },
    {
      scope: 'notifications:write',
      params: schema(z.object({ id: idInText })),
      response: { 200: envelope(outcome), ...refusals('webhook_not_found') },
      detail: {
        summary: 'Test a webhook',
        description:
          'Sends a message of type `webhook.test` now, paused or not, waits up to 5 seconds for the answer, and tells what came of it. It is not tried again.',
        tags: ['Notifications'],
        operationId: 'testWebhook',
      },
    },
  )
