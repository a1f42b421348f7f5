import { createCalendar, createClock } from '@channelling/contract'
import { closeOnSignal, createLog, leave, serve, startOrExplain } from '@channelling/http'
import { tellMetrics } from '@channelling/metrics'
import { open } from '@channelling/schema'
import { readServiceSettings } from '@channelling/settings'
import { createWake } from '@channelling/wake'
import { Elysia } from 'elysia'
import { sockets } from './endpoints/subscribe-by-socket'
import { identified } from './identified'
import { startNotifications } from './running'
import { socketLimits } from './text-socket'

await startOrExplain(async () => {
  const settings = readServiceSettings(process.env)
  const log = createLog(settings.LOG_LEVEL, 'notifications')
  const metrics = tellMetrics({ settings, log })
  const database = await open(
    { url: settings.DATABASE_URL, authToken: settings.DATABASE_AUTH_TOKEN },
    { onFailure: (fault) => leave(fault, log), onWaiting: (what) => log.warn({ what }, 'waiting for the database') },
  )
  const wake = createWake({ servers: settings.NATS_URL, log })
  const secret = settings.INTERNAL_SECRET
  const notifications = await startNotifications({
    database,
    calendar: createCalendar(settings.TIME_ZONE),
    clock: createClock(0),
    secret,
    log,
    wake,
    retentionDays: settings.EVENT_RETENTION_DAYS,
    ownNetworks: settings.WEBHOOKS_PRIVATE,
    degraded: wake.degraded,
  })
  const { feed } = notifications
  const app = new Elysia().use(notifications.app).use(sockets({ feed, admit: identified(secret), log }))
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
    await notifications.close()
    await wake.close()
    await database.close()
    await metrics.close()
  }, log)
})
