import { parseArgs } from 'node:util'
import { CopyFault, copyDatabase, type DatabaseAddress, DatabaseFault, filePath } from '@channelling/schema'
import { keepServicesFrom } from '../folder'
import { CommandFailed, remark, runCommand, say, WrongUsage } from './command'

const HELP = `Usage: bun run db copy --from <url> --to <url>

Takes a whole database from a file to a libSQL server, or back, or to another one, and compares the two row by row. An address is
file:<path>, or http(s)://, ws(s)://, libsql://. Stop everything that writes first. The target must be new: a file that is not there, or
an empty server. The source stays as it is; a backup is none: restore it into a file, and copy that. DATABASE_AUTH_TOKEN is for the
source, TARGET_DATABASE_AUTH_TOKEN for the target; where the source is a file, DATABASE_AUTH_TOKEN does for the target.`

const ADDRESS = /^(file:.+|(https?|wss?|libsql):\/\/.+)$/

async function copy(): Promise<void> {
  const { values, positionals } = parseArgs({
    args: process.argv.slice(2),
    options: { help: { type: 'boolean', short: 'h' }, from: { type: 'string' }, to: { type: 'string' } },
    allowPositionals: true,
  })
  if (values.help) return say(HELP)
  if (positionals.join(' ') !== 'copy') throw new WrongUsage('The one thing to do is copy')
  const { from, to } = addressesOf(values, process.env)
  const folders = [from, to].map(({ url }) => keepServicesFrom(url))
  try {
    const tables = await copyDatabase(from, to, { onProgress: remark })
    const rows = tables.reduce((sum, table) => sum + table.rows, 0)
    say(`Copied ${rows} rows of ${tables.length} tables; both hold the same`)
  } catch (error) {
    if (error instanceof CopyFault) throw new CommandFailed(error.message)
    if (error instanceof DatabaseFault) throw new CommandFailed(`A database failed: ${error.code}`)
    throw error
  } finally {
    for (const folder of folders) folder.release()
  }
}

function addressesOf(
  { from, to }: { from?: string | undefined; to?: string | undefined },
  { DATABASE_AUTH_TOKEN, TARGET_DATABASE_AUTH_TOKEN }: Record<string, string | undefined>,
): { from: DatabaseAddress; to: DatabaseAddress } {
  for (const [option, url] of Object.entries({ from, to })) {
    if (!url || !ADDRESS.test(url)) throw new WrongUsage(`--${option} is file:, http(s)://, ws(s):// or libsql://`)
  }
  // a token is never shown to a server that it was not given for
  const forTarget = TARGET_DATABASE_AUTH_TOKEN || (filePath(from!) === null ? undefined : DATABASE_AUTH_TOKEN)
  return {
    from: { url: from!, authToken: DATABASE_AUTH_TOKEN || undefined },
    to: { url: to!, authToken: forTarget || undefined },
  }
}

await runCommand(copy)
