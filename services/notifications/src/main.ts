import { createCalendar, createClock } from '@channelling/contract'
import { closeOnSignal, createLog, leave, serve, startOrExplain } from '@channelling/http'
import { tellMetrics } from '@channelling/metrics'
import { open } from '@channelling/schema'
import { readServiceSettings } from '@channelling/settings'
import { createWake } from '@channelling/wake'
import { Elysia } from 'elysia'
import { createNotifications } from './app'
import { sockets } from './endpoints/subscribe-by-socket'
import { createFeed } from './feed'
import { identified } from './identified'
import { startRetention } from './retention'
import { startStreamPublisher } from './stream/publish-events'
import { socketLimits } from './text-socket'
import { createReceivers } from './webhooks/receivers'
import { startWebhooks } from './webhooks/runner'

await startOrExplain(async () => {
  const settings = readServiceSettings(process.env)
  const log = createLog(settings.LOG_LEVEL, 'notifications')
  const metrics = tellMetrics({ settings, log })
  const database = await open(
    { url: settings.DATABASE_URL, authToken: settings.DATABASE_AUTH_TOKEN },
    { onFailure: (fault) => leave(fault, log), onWaiting: (what) => log.warn({ what }, 'waiting for the database') },
  )
  const wake = createWake({ servers: settings.NATS_URL, log })
  const shared = { database, calendar: createCalendar(settings.TIME_ZONE), clock: createClock(0), log }
  const receivers = createReceivers({ ownNetworks: settings.WEBHOOKS_PRIVATE })
  const secret = settings.INTERNAL_SECRET
  const feed = createFeed(shared)
  await feed.start()
  const app = new Elysia()
    .use(createNotifications({ ...shared, receivers, secret, feed, degraded: wake.degraded }))
    .use(sockets({ feed, admit: identified(secret), log }))
  const retention = startRetention({ ...shared, days: settings.EVENT_RETENTION_DAYS })
  const publisher = startStreamPublisher({ ...shared, wake })
  const webhooks = startWebhooks({ ...shared, receivers })
  wake.onHint(() => {
    feed.wake()
    publisher.wake()
    webhooks.wake()
  })
  const server = serve({
    app,
    hostname: settings.HOST,
    port: settings.PORT,
    log,
    sockets: socketLimits,
    beforeClose: () => feed.close(),
  })
  closeOnSignal(async () => {
    await server.close()
    await retention.close()
    await webhooks.close()
    await publisher.close()
    await wake.close()
    await database.close()
    await metrics.close()
  }, log)
})
