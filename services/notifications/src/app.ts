import type { Calendar, Instant } from '@channelling/contract'
import { kit, type Log } from '@channelling/http'
import { type Database, readiness } from '@channelling/schema'
import { Elysia } from 'elysia'
import { changeWebhookEndpoint } from './endpoints/change-webhook'
import { deleteWebhookEndpoint } from './endpoints/delete-webhook'
import { getWebhookEndpoint } from './endpoints/get-webhook'
import { issueTicketEndpoint } from './endpoints/issue-ticket'
import { listWebhookDeliveriesEndpoint } from './endpoints/list-webhook-deliveries'
import { listWebhooksEndpoint } from './endpoints/list-webhooks'
import { pauseWebhookEndpoint, resumeWebhookEndpoint } from './endpoints/pause-and-resume-webhook'
import { readEventsEndpoint } from './endpoints/read-events'
import { registerWebhookEndpoint } from './endpoints/register-webhook'
import { replayWebhookEndpoint } from './endpoints/replay-webhook'
import { replayWebhookDeliveryEndpoint } from './endpoints/replay-webhook-delivery'
import { rotateWebhookSecretEndpoint } from './endpoints/rotate-webhook-secret'
import { testWebhookEndpoint } from './endpoints/test-webhook'
import type { Feed } from './feed'
import { createReceivers, type Receivers } from './webhooks/receivers'

export interface Dependencies {
  database: Database
  calendar: Calendar
  clock: () => Instant
  /** Signs the identity that the gateway hands on. */
  secret: string
  log: Log
  /** The reader of the outbox in this process. */
  feed: Feed
  /** The way to those who are told by webhook. */
  receivers: Receivers
  /** What it does without, for the moment, at a cost: by name. */
  degraded?: () => string[]
}

/** The requests of the notifications service. Its sockets are `sockets`, since they belong to the server that listens. */
export const createNotifications = ({
  receivers = createReceivers({ ownNetworks: 'refuse' }),
  ...others
}: Omit<Dependencies, 'receivers'> & Partial<Pick<Dependencies, 'receivers'>>) => {
  const dependencies = { ...others, receivers }
  return new Elysia()
    .use(
      kit({
        name: 'notifications',
        about: 'Tells subscribers, as it happens, what becomes of bookings and sessions',
        log: dependencies.log,
        ready: readiness(dependencies.database),
        degraded: dependencies.degraded,
      }),
    )
    .use(issueTicketEndpoint(dependencies))
    .use(readEventsEndpoint(dependencies))
    .use(registerWebhookEndpoint(dependencies))
    .use(listWebhooksEndpoint(dependencies))
    .use(getWebhookEndpoint(dependencies))
    .use(changeWebhookEndpoint(dependencies))
    .use(pauseWebhookEndpoint(dependencies))
    .use(resumeWebhookEndpoint(dependencies))
    .use(deleteWebhookEndpoint(dependencies))
    .use(rotateWebhookSecretEndpoint(dependencies))
    .use(testWebhookEndpoint(dependencies))
    .use(listWebhookDeliveriesEndpoint(dependencies))
    .use(replayWebhookDeliveryEndpoint(dependencies))
    .use(replayWebhookEndpoint(dependencies))
}
