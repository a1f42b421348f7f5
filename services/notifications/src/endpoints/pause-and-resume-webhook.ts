import { identityOf, success } from '@channelling/http'
import { Elysia } from 'elysia'
import type { Dependencies } from '../app'
import { pauseWebhook, resumeWebhook } from '../webhooks/store/change-webhook'
import { oneWebhook, webhookView } from './shapes/webhook'

type Needed = Pick<Dependencies, 'database' | 'calendar' | 'clock' | 'secret'>

/** One of the two, which take and answer the same. */
interface Pausing {
  path: string
  change: typeof pauseWebhook
  detail: { summary: string; description: string; operationId: string }
}

const pausingEndpoint =
  ({ path, change, detail }: Pausing) =>
  ({ database, calendar, clock, secret }: Needed) =>
    new Elysia().use(identityOf(secret)).put(
      path,
      async ({ params: { id }, caller }) => {
        const now = clock()
        return success(webhookView(await change(database, id, caller, now), calendar, now))
      },
      { scope: 'notifications:write', ...oneWebhook, detail: { ...detail, tags: ['Notifications'] } },
    )

export const pauseWebhookEndpoint = pausingEndpoint({
  path: '/api/notifications/webhooks/:id/pause',
  change: pauseWebhook,
  detail: {
    summary: 'Pause a webhook',
    description:
      'Nothing is sent until it is resumed; what happens meanwhile is kept for it. Pausing a paused one changes nothing.',
    operationId: 'pauseWebhook',
  },
})

export const resumeWebhookEndpoint = pausingEndpoint({
  path: '/api/notifications/webhooks/:id/resume',
  change: resumeWebhook,
  detail: {
    summary: 'Resume a webhook',
    description:
      'Goes on where it stopped, with everything that happened since as far as it is kept, and tries what waits at once.',
    operationId: 'resumeWebhook',
  },
})
