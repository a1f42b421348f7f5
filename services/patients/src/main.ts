import { runService } from '@channelling/service'
import { createPatients } from './app'

await runService('patients', async ({ settings, calendar, log, open, clock }) => {
  const database = await open('replica')
  return {
    app: createPatients({
      database,
      calendar,
      clock: await clock(database),
      secret: settings.INTERNAL_SECRET,
      log,
    }),
  }
})
