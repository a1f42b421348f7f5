import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { createCalendar } from '@channelling/contract'
import {
  CopyFault,
  copyDatabase,
  DatabaseFault,
  filePath,
  type Restored,
  RestoreFault,
  restore,
  SKIPPED_IDS,
} from '@channelling/schema'
import { readSettings } from '@channelling/settings'
import { keepServicesFrom } from '../folder'
import { fillServicesData } from '../supervision/own-data'
import { CommandFailed, remark, runCommand, say, WrongUsage } from './command'
import { type Place, placeOf, SERVICES_HELP } from './place'

const HELP = `Usage: bun run restore --from <backup> [--skip <ids>] [--services]

Puts what \`bun run backup\` made in the place of the data in DATA_DIR, whole or not at all, and keeps the data of before beside it.
Stop the server first. No id is given again that may have been given since the backup: every sequence goes ahead by
${SKIPPED_IDS.toLocaleString('en')}, or by --skip, which must be more than was given since. Subscribers are told to begin anew.

${SERVICES_HELP}`

async function putBack(): Promise<void> {
  const { values } = parseArgs({
    args: process.argv.slice(2),
    options: {
      help: { type: 'boolean', short: 'h' },
      from: { type: 'string' },
      skip: { type: 'string' },
      services: { type: 'boolean' },
    },
  })
  if (values.help) return say(HELP)
  if (values.from === undefined) throw new WrongUsage('Name a backup with --from')
  const skippedIds = skippedOf(values.skip)
  const settings = readSettings(process.env)
  try {
    tell(await carryOut(placeOf(settings, values), values.from, skippedIds), settings.TIME_ZONE)
  } catch (error) {
    if (error instanceof RestoreFault || error instanceof CopyFault) {
      throw new CommandFailed(`${error.message}. Nothing was changed`)
    }
    if (error instanceof DatabaseFault)
      throw new CommandFailed(`The database failed: ${error.code}. Nothing was changed`)
    throw error
  }
}

async function carryOut(place: Place, from: string, skippedIds: number): Promise<Restored> {
  if (place.kind === 'services') return restoreServices(place.folder, from, skippedIds)
  const path = filePath(place.address.url)
  if (path === null) {
    throw new CommandFailed(
      'DATABASE_URL is a libSQL server: restore into a file, by DATABASE_URL=file:<path>, and take that one to an empty server with `bun run db copy`',
    )
  }
  const folder = keepServicesFrom(place.address.url)
  return restore(from, path, skippedIds).finally(folder.release)
}

/** Into a file beside, and from there into the server that takes the place of the one there was. */
async function restoreServices(folder: string, from: string, skippedIds: number): Promise<Restored> {
  mkdirSync(folder, { recursive: true, mode: 0o700 })
  const { done, before } = await fillServicesData(folder, { isNew: false }, async (url, scratch) => {
    const path = join(scratch, 'channelling.db')
    const restored = await restore(from, path, skippedIds)
    await copyDatabase({ url: `file:${path}` }, { url })
    return restored
  })
  return { ...done, before }
}

function skippedOf(given: string | undefined): number {
  if (given === undefined) return SKIPPED_IDS
  if (!/^\d{1,12}$/.test(given)) throw new WrongUsage('--skip is a whole number')
  return Number(given)
}

function tell({ bookings, patients, latest, epoch, before }: Restored, timeZone: string): void {
  const last = latest === 0 ? '' : `, the last of ${createCalendar(timeZone).format(latest)}`
  say(`Restored ${bookings} bookings${last}, and ${patients} patients. The stream of events is now ${epoch}`)
  if (before) say(`The data of before is in ${before}`)
  remark(
    'Keys that were retired or switched off since the backup work again, those issued since do not: look at `bun run keys list`',
  )
}

await runCommand(putBack)
