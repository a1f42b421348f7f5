import { closeOnSignal, createLog, startOrExplain, tellListening } from '@channelling/http'
import { readSettings } from '@channelling/settings'
import { start } from './start'

await startOrExplain(async () => {
  const settings = readSettings(process.env)
  const { close } = await start(settings)
  tellListening()
  closeOnSignal(close, createLog(settings.LOG_LEVEL, 'channelling'))
})
