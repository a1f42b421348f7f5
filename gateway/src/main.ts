import { closeOnSignal, createLog, startOrExplain } from '@channelling/http'
import { readSettings } from '@channelling/settings'
import { start } from './start'

await startOrExplain(async () => {
  const settings = readSettings(process.env)
  const { close } = await start(settings)
  closeOnSignal(close, createLog(settings.LOG_LEVEL, 'channelling'))
})
