import { parseArgs } from 'node:util'
import { closeOnSignal, createLog } from '@channelling/http'
import { ownAddress } from '../own-address'
import { readGatewaySettings } from '../settings'
import { start } from '../start'
import { runCommand, say } from './command'
import { introduce } from './introduce'
import { reach } from './reach'

const HELP = `Usage: bun run up

Starts everything in one process, on a file in DATA_DIR, and says where it is and how to use it. Settings are variables of the
environment: docs/settings.md. \`bun run services\` starts every service as a process of its own.`

/** Starts everything on this machine and says how to use it; the first time, with a key and a booking to try. */
async function up(): Promise<void> {
  const { values } = parseArgs({ args: process.argv.slice(2), options: { help: { type: 'boolean', short: 'h' } } })
  if (values.help) return say(HELP)
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

await runCommand(up)
