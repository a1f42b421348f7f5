import { closeOnSignal, createLog, startOrExplain } from '@channelling/http'
import { ownAddress } from '../own-address'
import { readGatewaySettings } from '../settings'
import { start } from '../start'
import { say } from './command'
import { introduce } from './introduce'
import { reach } from './reach'

/** Starts everything on this machine and says how to use it; the first time, with a key and a booking to try. */
async function up(): Promise<void> {
  const settings = readGatewaySettings({ DEMO_DATA: 'on', LOG_LEVEL: 'warn', ...process.env })
  const { port, close } = await start(settings)
  closeOnSignal(close, createLog(settings.LOG_LEVEL, 'channelling'))
  const url = ownAddress(settings, port)
  say(`The channelling API is up
  API    ${url}/api
  Docs   ${url}/docs
  Live   ${url.replace('http', 'ws')}/ws/notify
  Data   ${settings.DATA_DIR}`)

  const control = await reach(settings)
  try {
    await introduce(settings, control, url)
  } finally {
    await control.close()
  }
  say('Stop with Ctrl-C; the data stays.')
}

await startOrExplain(up)
