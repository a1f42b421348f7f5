import { createCalendar, createClock } from '@channelling/contract'
import { closeOnSignal, createLog, leave, serve, startOrExplain } from '@channelling/http'
import { tellMetrics } from '@channelling/metrics'
import { open } from '@channelling/schema'
import { readServiceSettings } from '@channelling/settings'
import { createWake, hintingOnWrite } from '@channelling/wake'
import { createCatalogue } from './app'
import { fillIfEmpty } from './demo'
import { startPublisher } from './publisher'

await startOrExplain(async () => {
  const settings = readServiceSettings(process.env)
  const log = createLog(settings.LOG_LEVEL, 'catalogue')
  const metrics = tellMetrics({ settings, log })
  const database = await open(
    { url: settings.DATABASE_URL, authToken: settings.DATABASE_AUTH_TOKEN, readUrl: settings.DATABASE_READ_URL },
    {
      onFailure: (fault) => leave(fault, log),
      onWaiting: (what) => log.warn({ what }, 'waiting for the database'),
      onReadReplica: (serves) => log.warn({ serves }, 'the read replica'),
    },
  )
  const wake = createWake({ servers: settings.NATS_URL, log })
  const catalogue = {
    database: hintingOnWrite(database, wake),
    calendar: createCalendar(settings.TIME_ZONE),
    clock: createClock(0),
    secret: settings.INTERNAL_SECRET,
    currency: settings.CURRENCY,
    log,
    degraded: wake.degraded,
  }
  if (settings.DEMO_DATA === 'on') await fillIfEmpty(catalogue)
  const server = serve({ app: createCatalogue(catalogue), hostname: settings.HOST, port: settings.PORT, log })
  const publisher = startPublisher(catalogue)
  closeOnSignal(async () => {
    await publisher.close()
    await server.close()
    await wake.close()
    await database.close()
    await metrics.close()
  }, log)
})
