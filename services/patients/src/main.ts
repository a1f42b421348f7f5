import { createClock } from '@channelling/contract'
import { runService } from '@channelling/service'
import { createPatients } from './app'

await runService('patients', async ({ settings, calendar, log, open }) => ({
  app: createPatients({
    database: await open('replica'),
    calendar,
    clock: createClock(0),
    secret: settings.INTERNAL_SECRET,
    log,
  }),
}))
