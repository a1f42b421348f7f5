import { closeOnSignal, createLog, startWithoutArguments, tellListening } from '@channelling/http'
import { readGatewaySettings } from './settings'
import { start } from './start'

await startWithoutArguments(async () => {
  const settings = readGatewaySettings(process.env)
  const { close } = await start(settings)
  tellListening()
  closeOnSignal(close, createLog(settings.LOG_LEVEL, 'channelling'))
})
