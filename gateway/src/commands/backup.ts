import { mkdirSync, rmSync, statSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { createCalendar } from '@channelling/contract'
import { type BackedUp, BackupFault, backUp, CopyFault, DatabaseFault, filePath } from '@channelling/schema'
import { readSettings, type Settings } from '@channelling/settings'
import { CommandFailed, remark, runCommand, say } from './command'
import { type Choice, SERVICES_HELP, takeData } from './place'
import { type Reach, reachServerOr } from './reach'

const HELP = `Usage: bun run backup [--to <file or folder>] [--services]

Writes everything, as it is at one moment, into a new file that is checked and complete once it has its name, and prints that
name. Bookings go on meanwhile. In a folder the file is named by the time; without --to the folder is backups in DATA_DIR. Nothing
is ever overwritten. The server writes the file, if one runs. The file holds personal data: keep it as you keep the data itself.

${SERVICES_HELP}`

async function makeBackup(): Promise<void> {
  const { values } = parseArgs({
    args: process.argv.slice(2),
    options: { help: { type: 'boolean', short: 'h' }, to: { type: 'string' }, services: { type: 'boolean' } },
  })
  if (values.help) return say(HELP)
  const settings = readSettings(process.env)
  const to = pathOf(values.to, settings)
  const { bytes, tookMs } = await carryOut(settings, values, to)
  remark(`${(bytes / 1e6).toFixed(1)} MB in ${(tookMs / 1000).toFixed(1)} s`)
  say(to)
}

function pathOf(given: string | undefined, { DATA_DIR, TIME_ZONE }: Settings): string {
  if (given !== undefined && !isFolder(given)) {
    if (given.endsWith('/')) throw new CommandFailed(`There is no folder ${resolve(given)}`)
    return resolve(given)
  }
  const folder = resolve(given ?? join(DATA_DIR, 'backups'))
  if (given === undefined) mkdirSync(folder, { recursive: true, mode: 0o700 })
  const now = createCalendar(TIME_ZONE).format(Date.now())
  return join(folder, `channelling-${now.replace(' ', '-').replaceAll(':', '')}.db`)
}

function isFolder(path: string): boolean {
  try {
    return statSync(path).isDirectory()
  } catch {
    // nor is one that may not be looked at: whoever writes the backup says why it cannot
    return false
  }
}

/** A libSQL server is asked by this command itself; a file is opened here only where no server holds it. */
async function carryOut(settings: Settings, choice: Choice, to: string): Promise<BackedUp> {
  const alone = async () => {
    const data = await takeData(settings, choice, { made: true })
    return backUp(data.address, to).finally(data.close)
  }
  try {
    if (filePath(settings.DATABASE_URL) === null) return await alone()
    const found = await reachServerOr(settings, choice, alone)
    return 'fetch' in found ? await ask(found, to) : found
  } catch (error) {
    if (error instanceof BackupFault || error instanceof CopyFault) throw new CommandFailed(error.message)
    if (error instanceof DatabaseFault) throw new CommandFailed(`The database failed: ${error.code}`)
    throw error
  }
}

async function ask(server: Reach, to: string): Promise<BackedUp> {
  const response = await server.fetch('/backup', { method: 'POST', body: JSON.stringify({ to }) }).catch(() => {
    // what it had written so far, which nobody else would clear away
    rmSync(`${to}.partial`, { force: true })
    throw new CommandFailed('The server went away before the backup was done')
  })
  const answer = (await response.json()) as { data: BackedUp; message: string }
  if (!response.ok) throw new CommandFailed(answer.message)
  return answer.data
}

await runCommand(makeBackup)
