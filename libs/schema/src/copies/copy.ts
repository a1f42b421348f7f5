import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import type { Database } from '../database'
import { dropEmptyLog, publish } from '../file/durable'
import { lock } from '../file/lock'
import { isMarked } from '../file/mark'
import { schemaOf } from '../migrate'
import { type DatabaseAddress, open } from '../open'
import { withRows } from '../statements/rows'
import { type Content, Digest, type TableContent } from './content'
import { type Snapshot, snapshotOf } from './snapshot'
import { pagesOf, quoted, type Table, tablesOf } from './tables'

/** A copy that could not be made, or is not what it was made of; the message is for whoever asked for it. */
export class CopyFault extends Error {
  override readonly name = 'CopyFault'
}

export interface CopyOptions {
  onProgress?: (line: string) => void
}

/** The path of a `file:` address; null for a server. */
export const filePath = (url: string): string | null => (url.startsWith('file:') ? url.slice('file:'.length) : null)

const ROWS_A_BATCH = 500

/**
 * Copies a whole database, its stream's epoch and its sequences included, into one that is new and empty, and compares the two row
 * by row, both read anew. A file is there only once it is whole; what a failed copy left on a server has to be removed by hand.
 * @throws CopyFault, DatabaseFault, or DataInUse when another process holds one of the files
 */
export async function copyDatabase(
  from: DatabaseAddress,
  to: DatabaseAddress,
  { onProgress }: CopyOptions = {},
): Promise<TableContent[]> {
  const path = filePath(to.url)
  if (path !== null) requireNew(path)
  // before anything of the target is made: its lock cannot be cleared away again, since somebody may be about to take it
  await (await openSource(from)).close()
  if (path !== null) return copyInto(from, path, { onProgress })
  const target = await open(to)
  try {
    await fill(from, target, onProgress)
  } finally {
    await target.close()
  }
  return compared(from, to)
}

/**
 * Copies a whole database into a data file that is not there yet.
 * @param whileWritten compares with what was read, and not with the source read anew, which may have gone on
 */
export async function copyInto(
  from: DatabaseAddress,
  path: string,
  { whileWritten = false, onProgress }: CopyOptions & { whileWritten?: boolean } = {},
): Promise<TableContent[]> {
  requireNew(path)
  const lease = lock(path)
  try {
    requireNew(path)
    return await copyAside(from, path, whileWritten, onProgress)
  } finally {
    lease.release()
  }
}

function requireNew(path: string): void {
  if (!existsSync(dirname(path))) throw new CopyFault(`There is no folder ${dirname(path)}`)
  if (existsSync(path)) throw new CopyFault(`${path} is there already: a copy goes into a database that is new`)
}

async function copyAside(
  from: DatabaseAddress,
  path: string,
  whileWritten: boolean,
  onProgress?: (line: string) => void,
): Promise<TableContent[]> {
  const folder = mkdtempSync(`${path}.copying-`)
  const made = join(folder, basename(path))
  const address = { url: `file:${made}` }
  try {
    const target = await open(address)
    const read = await fill(from, target, onProgress).finally(() => target.close())
    const content = await compared(whileWritten ? read : from, address)
    dropEmptyLog(made)
    publish(made, path)
    return content
  } finally {
    rmSync(folder, { recursive: true })
  }
}

/** Puts everything that a database holds into an empty one, and tells what was read. */
async function fill(from: DatabaseAddress, target: Database, onProgress?: (line: string) => void): Promise<Content> {
  const source = await openSource(from)
  try {
    const tables = await tablesOf(source)
    await requireEmpty(target, tables)
    const digest = new Digest()
    for (const table of tables) {
      // what the target's own migrations and triggers put there gives way: the one rows, and the places of the sessions
      const statementsOf = withRows(
        table.columns.length,
        (values) => `REPLACE INTO "${table.name}" (${quoted(table.columns)}) ${values}`,
      )
      for await (const rows of pagesOf(source, table, ROWS_A_BATCH)) {
        digest.add(rows)
        await target.write(statementsOf(rows))
      }
      const { rows } = digest.end(table)
      onProgress?.(`${table.name}: ${rows}`)
    }
    const sequences = await source.rows('SELECT name, seq FROM sqlite_sequence ORDER BY name')
    await target.write([
      { sql: 'DELETE FROM sqlite_sequence', args: [] },
      {
        sql: `INSERT INTO sqlite_sequence (name, seq) SELECT value ->> 'name', value ->> 'seq' FROM json_each(?)`,
        args: [JSON.stringify(sequences)],
      },
    ])
    return { tables: digest.tables, sequences: JSON.stringify(sequences) }
  } finally {
    await source.close()
  }
}

/** @throws CopyFault where the database is a backup, or not of the present schema */
async function openSource(from: DatabaseAddress): Promise<Snapshot> {
  const path = filePath(from.url)
  if (path !== null && !existsSync(path)) throw new CopyFault(`There is no data at ${path}`)
  if (path !== null && isMarked(path)) {
    throw new CopyFault(
      `${path} is a backup, and more ids and positions were given after it: restore it into a file with \`bun run restore\`, and copy that`,
    )
  }
  const source = await snapshotOf(from)
  try {
    const schema = await schemaOf(source)
    if (schema === 'present') return source
    const why = {
      none: 'holds no data of ours',
      newer: 'is of a newer version than this program',
      older: 'is of an older version than this program: start a server of this version on it once',
    }
    throw new CopyFault(`${path ?? 'The server to copy from'} ${why[schema]}`)
  } catch (error) {
    await source.close()
    throw error
  }
}

/** A database that something was ever put into has a sequence that has begun, or rows beside the single ones it was made with. */
async function requireEmpty(target: Database, tables: Table[]): Promise<void> {
  const listed = tables.filter(({ columns }) => !columns.includes('one'))
  const [counted] = await target.read<{ rows: number }>(
    `SELECT ${['sqlite_sequence', ...listed.map(({ name }) => name)]
      .map((name) => `(SELECT count(*) FROM "${name}")`)
      .join(' + ')} AS rows`,
  )
  if (counted?.rows !== 0) throw new CopyFault('The database to copy to is not empty')
}

/**
 * Reads a copy anew, and what it was made of unless that is known, and tells what both hold.
 * @throws CopyFault where they differ
 */
export async function compared(expected: DatabaseAddress | Content, of: DatabaseAddress): Promise<TableContent[]> {
  const wanted = 'url' in expected ? await contentOf(expected) : expected
  const found = await contentOf(of)
  const differing = wanted.tables.filter(
    ({ table, rows, hash }) =>
      !found.tables.some((other) => other.table === table && other.rows === rows && other.hash === hash),
  )
  const names = differing.map(({ table }) => table)
  if (wanted.sequences !== found.sequences) names.push('the sequences')
  if (found.tables.length !== wanted.tables.length) names.push('the list of tables')
  if (names.length > 0) {
    throw new CopyFault(
      `The copy differs from what it was made of in ${names.join(', ')}: stop everything that writes, and copy again into an empty database`,
    )
  }
  return found.tables
}

/** Reads all that a database holds. */
export async function contentOf(address: DatabaseAddress): Promise<Content> {
  const source = await openSource(address)
  try {
    const digest = new Digest()
    for (const table of await tablesOf(source)) {
      for await (const rows of pagesOf(source, table, ROWS_A_BATCH)) digest.add(rows)
      digest.end(table)
    }
    const sequences = await source.rows('SELECT name, seq FROM sqlite_sequence ORDER BY name')
    return { tables: digest.tables, sequences: JSON.stringify(sequences) }
  } finally {
    await source.close()
  }
}
