import type { Wake } from '@channelling/wake'
import type { Registry } from 'prom-client'
import { createNotifications, type Dependencies } from './app'
import { createFeed } from './feed'
import { watchFeed } from './metrics'
import { startRetention } from './retention'
import { lastSeq } from './store/outbox'
import { startStreamPublisher } from './stream/publish-events'
import { createReceivers, type ReceiversOptions } from './webhooks/receivers'
import { startWebhooks } from './webhooks/runner'

export interface RunningOptions extends Omit<Dependencies, 'feed' | 'receivers'> {
  wake: Wake
  /** Where it tells how far subscribers are behind. */
  registry: Registry
  /** Days that events are kept; 0 is for ever. */
  retentionDays: number
  /** Whether webhooks may go to addresses of the own network. */
  ownNetworks: ReceiversOptions['ownNetworks']
}

/** The notifications service at work: it reads the outbox for its sockets, delivers webhooks, and does what falls due. */
export async function startNotifications({ wake, registry, retentionDays, ownNetworks, ...shared }: RunningOptions) {
  const receivers = createReceivers({ ownNetworks })
  const feed = createFeed(shared)
  await feed.start()
  watchFeed(registry, { told: () => feed.state().told, lastSeq: () => lastSeq(shared.database) })
  const retention = startRetention({ ...shared, days: retentionDays })
  const publisher = startStreamPublisher({ ...shared, wake })
  const webhooks = startWebhooks({ ...shared, receivers })
  const hear = () => {
    feed.wake()
    publisher.wake()
    webhooks.wake()
  }
  wake.onHint(hear)
  return {
    app: createNotifications({ ...shared, receivers, feed }),
    feed,
    /** Says that something was committed. It may be said too often, or not at all. */
    hear,
    /** Ends whoever listens, and then what it does by itself. */
    async close() {
      await feed.close()
      await Promise.all([retention.close(), publisher.close(), webhooks.close()])
    },
  }
}
