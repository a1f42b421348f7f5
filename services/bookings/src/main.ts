import { createCalendar, createClock } from '@channelling/contract'
import { closeOnSignal, createLog, leave, serve, startOrExplain } from '@channelling/http'
import { tellMetrics } from '@channelling/metrics'
import { open } from '@channelling/schema'
import { readServiceSettings } from '@channelling/settings'
import { createWake } from '@channelling/wake'
import { createBookings } from './app'
import { createEngineMetrics } from './metrics'
import { latestInstant } from './store/reads'

await startOrExplain(async () => {
  const settings = readServiceSettings(process.env)
  const log = createLog(settings.LOG_LEVEL, 'bookings')
  const metrics = tellMetrics({ settings, log })
  const database = await open(
    { url: settings.DATABASE_URL, authToken: settings.DATABASE_AUTH_TOKEN },
    { onFailure: (fault) => leave(fault, log), onWaiting: (what) => log.warn({ what }, 'waiting for the database') },
  )
  const lists = settings.DATABASE_READ_URL
    ? await open(
        { url: settings.DATABASE_URL, authToken: settings.DATABASE_AUTH_TOKEN, readUrl: settings.DATABASE_READ_URL },
        { onReadReplica: (serves) => log.warn({ serves }, 'the read replica') },
      )
    : undefined
  const wake = createWake({ servers: settings.NATS_URL, log })
  const engine = createEngineMetrics(metrics.registry)
  const bookings = createBookings({
    database,
    lists,
    calendar: createCalendar(settings.TIME_ZONE),
    clock: createClock(await latestInstant(database)),
    secret: settings.INTERNAL_SECRET,
    holdMinutes: settings.HOLD_MINUTES,
    holdsPerClient: settings.HOLDS_PER_CLIENT,
    log,
    onSaved: engine.groupSaved,
    // whoever listens for bookings is in another process
    onCommit: () => wake.hint(),
    degraded: wake.degraded,
  })
  engine.watchWaiting(bookings.waiting)
  const server = serve({ app: bookings.app, hostname: settings.HOST, port: settings.PORT, log })
  closeOnSignal(async () => {
    await server.close()
    await bookings.close()
    await wake.close()
    await lists?.close()
    await database.close()
    await metrics.close()
  }, log)
})
