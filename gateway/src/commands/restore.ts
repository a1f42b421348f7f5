import { parseArgs } from 'node:util'
import { createCalendar } from '@channelling/contract'
import { filePath, type Restored, RestoreFault, restore, SKIPPED_IDS } from '@channelling/schema'
import { readSettings } from '@channelling/settings'
import { keepServicesFrom } from '../folder'
import { CommandFailed, remark, runCommand, say, WrongUsage } from './command'

const HELP = `Usage: bun run restore --from <backup> [--skip <ids>]

Puts what \`bun run backup\` made in the place of the data of DATA_DIR, whole or not at all, and keeps the data of before beside it.
Stop the server first. No id is given again that may have been given since the backup: every sequence goes ahead by
${SKIPPED_IDS.toLocaleString('en')}, or by --skip, which must be more than was given since. Subscribers are told to begin anew.`

async function putBack(): Promise<void> {
  const { values } = parseArgs({
    args: process.argv.slice(2),
    options: { help: { type: 'boolean', short: 'h' }, from: { type: 'string' }, skip: { type: 'string' } },
  })
  if (values.help) return say(HELP)
  if (values.from === undefined) throw new WrongUsage('Name a backup with --from')
  const skippedIds = skippedOf(values.skip)
  const settings = readSettings(process.env)
  const path = filePath(settings.DATABASE_URL)
  if (path === null) {
    throw new CommandFailed(
      'DATABASE_URL is a libSQL server: restore into a file, by DATABASE_URL=file:<path>, and take that one to an empty server with `bun run db copy`',
    )
  }
  const folder = keepServicesFrom(settings.DATABASE_URL)
  try {
    tell(await restore(values.from, path, skippedIds), settings.TIME_ZONE)
  } catch (error) {
    if (error instanceof RestoreFault) throw new CommandFailed(`${error.message}. Nothing was changed`)
    throw error
  } finally {
    folder.release()
  }
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
