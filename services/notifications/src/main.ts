import { createCalendar, createClock } from '@channelling/contract'
import { closeOnSignal, createLog, leave, serve, startOrExplain } from '@channelling/http'
import { open } from '@channelling/schema'
import { readServiceSettings } from '@channelling/settings'
import { createWake } from '@channelling/wake'
import { createNotifications } from './app'
import { startStreamPublisher } from './stream/publish-events'

await startOrExplain(async () => {
  const settings = readServiceSettings(process.env)
  const log = createLog(settings.LOG_LEVEL, 'notifications')
  const database = await open(
    { url: settings.DATABASE_URL, authToken: settings.DATABASE_AUTH_TOKEN },
    { onFailure: (fault) => leave(fault, log), onWaiting: () => log.warn('waiting for the database') },
  )
  const wake = createWake({ servers: settings.NATS_URL, log })
  const shared = { database, calendar: createCalendar(settings.TIME_ZONE), clock: createClock(0), log }
  const app = createNotifications({ ...shared, secret: settings.INTERNAL_SECRET, degraded: wake.degraded })
  const publisher = startStreamPublisher({ ...shared, wake })
  wake.onHint(() => publisher.wake())
  const server = serve({ app, hostname: settings.HOST, port: settings.PORT, log })
  closeOnSignal(async () => {
    await server.close()
    await publisher.close()
    await wake.close()
    await database.close()
  }, log)
})
