import { runService } from '@channelling/service'
import { Elysia } from 'elysia'
import { sockets } from './endpoints/subscribe-by-socket'
import { identified } from './identified'
import { startNotifications } from './running'
import { socketLimits } from './text-socket'

await runService('notifications', async ({ settings, calendar, log, metrics, open, ...given }) => {
  const secret = settings.INTERNAL_SECRET
  const database = await open('primary')
  const wake = given.wake()
  const clock = await given.clock(database)
  given.at('reading the stream of events')
  const { app, feed, close } = await startNotifications({
    database,
    calendar,
    clock,
    secret,
    log,
    wake,
    registry: metrics.registry,
    retentionDays: settings.EVENT_RETENTION_DAYS,
    ownNetworks: settings.WEBHOOKS_PRIVATE,
    degraded: wake.degraded,
  })
  return {
    app: new Elysia().use(app).use(sockets({ feed, admit: identified(secret), log })),
    sockets: socketLimits,
    beforeClose: () => feed.close(),
    close,
  }
})
