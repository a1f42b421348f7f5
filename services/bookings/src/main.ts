import { runService } from '@channelling/service'
import { createBookings } from './app'
import { createEngineMetrics } from './metrics'

await runService('bookings', async ({ settings, calendar, log, metrics, open, ...given }) => {
  const database = await open('primary')
  const lists = settings.DATABASE_READ_URL ? await open('replica') : undefined
  const wake = given.wake()
  const engine = createEngineMetrics(metrics.registry)
  const { app, waiting, close } = createBookings({
    database,
    lists,
    calendar,
    clock: await given.clock(database),
    secret: settings.INTERNAL_SECRET,
    holdMinutes: settings.HOLD_MINUTES,
    holdsPerClient: settings.HOLDS_PER_CLIENT,
    log,
    onSaved: engine.groupSaved,
    // whoever listens for bookings is in another process
    onCommit: () => wake.hint(),
    degraded: wake.degraded,
  })
  engine.watchWaiting(waiting)
  return { app, close }
})
