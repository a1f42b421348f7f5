import { closeOnSignal, createLog, startOrExplain, tellListening } from '@channelling/http'
import { readGatewaySettings } from './settings'
import { start } from './start'

await startOrExplain(async () => {
  const settings = readGatewaySettings(process.env)
  const { close } = await start(settings)
  tellListening()
  closeOnSignal(close, createLog(settings.LOG_LEVEL, 'channelling'))
})
