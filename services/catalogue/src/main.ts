import { runService } from '@channelling/service'
import { hintingOnWrite } from '@channelling/wake'
import { createCatalogue } from './app'
import { fillIfEmpty } from './demo'
import { startPublisher } from './publisher'

await runService('catalogue', async ({ settings, calendar, log, open, ...given }) => {
  const database = await open('replica')
  const wake = given.wake()
  const catalogue = {
    database: hintingOnWrite(database, wake),
    calendar,
    clock: await given.clock(database),
    secret: settings.INTERNAL_SECRET,
    currency: settings.CURRENCY,
    log,
    degraded: wake.degraded,
  }
  if (settings.DEMO_DATA === 'on') await given.step('the demo catalogue', () => fillIfEmpty(catalogue))
  const publisher = startPublisher(catalogue)
  return { app: createCatalogue(catalogue), close: () => publisher.close() }
})
