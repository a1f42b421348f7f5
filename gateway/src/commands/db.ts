import { existsSync } from 'node:fs'
import { dirname, resolve } from 'node:path'
import { parseArgs } from 'node:util'
import {
  CopyFault,
  copyDatabase,
  type DatabaseAddress,
  DatabaseFault,
  filePath,
  type TableContent,
} from '@channelling/schema'
import { keepServicesFrom } from '../folder'
import { fillServicesData, openServicesData } from '../supervision/own-data'
import { CommandFailed, remark, runCommand, say, WrongUsage } from './command'

const HELP = `Usage: bun run db copy --from <url> --to <url>

Takes a whole database from a file to a libSQL server, or back, or to another one, and compares the two row by row. An address is
file:<path>, or http(s)://, ws(s)://, libsql://, or services:<folder>: the data of \`run services\` with that DATA_DIR. Stop everything that
writes first. The target must be new: a file that is not there, an empty server, or a folder without such data. The source stays as
it is; a backup is none: restore it into a file, and copy that. DATABASE_AUTH_TOKEN is for the source, TARGET_DATABASE_AUTH_TOKEN for the
target; where the source is a file, or of \`run services\`, DATABASE_AUTH_TOKEN does for the target.`

/** Of the other server that is said where it is read. */
const TARGET_AWAY = 'The database server that is copied to does not answer: start it, or name another with --to'

const ADDRESS = /^((file|services):.+|(https?|wss?|libsql):\/\/.+)$/

async function copy(): Promise<void> {
  const { values, positionals } = parseArgs({
    args: process.argv.slice(2),
    options: { help: { type: 'boolean', short: 'h' }, from: { type: 'string' }, to: { type: 'string' } },
    allowPositionals: true,
  })
  if (values.help) return say(HELP)
  if (positionals.join(' ') !== 'copy') throw new WrongUsage('The one thing to do is copy')
  const { from, to } = addressesOf(values, process.env)
  try {
    const tables = await carryOut(from, to)
    const rows = tables.reduce((sum, table) => sum + table.rows, 0)
    say(`Copied ${rows} rows of ${tables.length} tables; both hold the same`)
  } catch (error) {
    if (error instanceof CopyFault) throw new CommandFailed(error.message)
    if (error instanceof DatabaseFault && error.isUnreachable) throw new CommandFailed(TARGET_AWAY)
    if (error instanceof DatabaseFault) throw new CommandFailed(`A database failed: ${error.code}`)
    throw error
  }
}

/** The folder of an address `services:<folder>`; null for any other. */
const servicesFolder = (url: string): string | null =>
  url.startsWith('services:') ? resolve(url.slice('services:'.length)) : null

async function carryOut(from: DatabaseAddress, to: DatabaseAddress): Promise<TableContent[]> {
  const taken = [from, to].map(({ url }) => servicesFolder(url))
  /** Of a file in a folder that this command takes from `run services` anyway there is nothing more to take. */
  const isOurs = (path: string | null) => path !== null && taken.includes(dirname(resolve(path)))
  const kept = [from, to].filter(({ url }) => !isOurs(filePath(url))).map(({ url }) => keepServicesFrom(url))
  try {
    const [, target] = taken
    if (!target) return await copyFrom(from, to)
    if (!existsSync(target)) throw new CopyFault(`There is no folder ${target}`)
    return (await fillServicesData(target, { isNew: true }, (url) => copyFrom(from, { url }))).done
  } finally {
    for (const folder of kept) folder.release()
  }
}

async function copyFrom(from: DatabaseAddress, to: DatabaseAddress): Promise<TableContent[]> {
  const folder = servicesFolder(from.url)
  if (!folder) return copyDatabase(from, to, { onProgress: remark })
  const { url, close } = await openServicesData(folder, { made: true })
  return copyDatabase({ url }, to, { onProgress: remark }).finally(close)
}

function addressesOf(
  { from, to }: { from?: string | undefined; to?: string | undefined },
  { DATABASE_AUTH_TOKEN, TARGET_DATABASE_AUTH_TOKEN }: Record<string, string | undefined>,
): { from: DatabaseAddress; to: DatabaseAddress } {
  for (const [option, url] of Object.entries({ from, to })) {
    if (!url || !ADDRESS.test(url))
      throw new WrongUsage(`--${option} is file:, services:, http(s)://, ws(s):// or libsql://`)
  }
  // a token is never shown to a server that it was not given for
  const isOfAServer = filePath(from!) === null && servicesFolder(from!) === null
  const forTarget = TARGET_DATABASE_AUTH_TOKEN || (isOfAServer ? undefined : DATABASE_AUTH_TOKEN)
  return {
    from: { url: from!, authToken: DATABASE_AUTH_TOKEN || undefined },
    to: { url: to!, authToken: forTarget || undefined },
  }
}

await runCommand(copy)
