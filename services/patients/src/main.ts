import { createCalendar, createClock } from '@channelling/contract'
import { closeOnSignal, createLog, leave, serve, startOrExplain } from '@channelling/http'
import { tellMetrics } from '@channelling/metrics'
import { open } from '@channelling/schema'
import { readServiceSettings } from '@channelling/settings'
import { createPatients } from './app'

await startOrExplain(async () => {
  const settings = readServiceSettings(process.env)
  const log = createLog(settings.LOG_LEVEL, 'patients')
  const metrics = tellMetrics({ settings, log })
  const database = await open(
    { url: settings.DATABASE_URL, authToken: settings.DATABASE_AUTH_TOKEN, readUrl: settings.DATABASE_READ_URL },
    {
      onFailure: (fault) => leave(fault, log),
      onWaiting: (what) => log.warn({ what }, 'waiting for the database'),
      onReadReplica: (serves) => log.warn({ serves }, 'the read replica'),
    },
  )
  const app = createPatients({
    database,
    calendar: createCalendar(settings.TIME_ZONE),
    clock: createClock(0),
    secret: settings.INTERNAL_SECRET,
    log,
  })
  const server = serve({ app, hostname: settings.HOST, port: settings.PORT, log })
  closeOnSignal(async () => {
    await server.close()
    await database.close()
    await metrics.close()
  }, log)
})
