import { createReadStream, createWriteStream, mkdirSync, rmSync, statSync } from 'node:fs'
import { dirname } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { type Connection, connect } from '../file/connection'
import { dropEmptyLog } from '../file/durable'
import { exchange } from '../file/exchange'
import { lock } from '../file/lock'
import { backupState, unmark } from '../file/mark'
import { migrateFile, schemaOf } from '../migrate'
import { plain, type Statement } from '../statements/statement'
import { newEpoch } from '../tables/outbox'
import { faultsOfFile } from './damage'

/** A restore that was refused; nothing was changed. The message is for whoever asked for it. */
export class RestoreFault extends Error {
  override readonly name = 'RestoreFault'
}

export interface Restored {
  epoch: string
  bookings: number
  patients: number
  /** The latest instant at which a booking of the backup was decided; 0 where there is none. */
  latest: number
  /** Where the data of before is; null where there was none. */
  before: string | null
}

/**
 * How far every sequence of ids goes ahead: more than was given since the backup was made, so that none of those is given again
 * to something else.
 */
export const SKIPPED_IDS = 1_000_000

/**
 * Puts a backup in the place of a data file, as whole or not at all, whenever it is killed. It is brought to the present schema,
 * gets a stream of events of its own, and gives no id that may have been given after the backup was made.
 * @throws RestoreFault, or DataInUse while a server runs
 */
export async function restore(backup: string, path: string, skippedIds = SKIPPED_IDS): Promise<Restored> {
  if (!statSync(backup, { throwIfNoEntry: false })?.isFile()) throw new RestoreFault(`There is no file ${backup}`)
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 })
  const lease = lock(path)
  const staged = `${path}.restoring`
  const clear = () => {
    for (const suffix of ['', '-wal', '-shm', '-journal']) rmSync(`${staged}${suffix}`, { force: true })
  }
  try {
    clear()
    // its owner's alone from the start, whoever may read the backup: a copy of the file would have its mode
    await pipeline(createReadStream(backup), createWriteStream(staged, { flags: 'wx', mode: 0o600 }))
    await prepare(staged, backup, skippedIds)
    const told = read(staged)
    return { ...told, before: exchange(staged, path) }
  } finally {
    clear()
    lease.release()
  }
}

/** Makes a copy of a backup fit to be served. */
async function prepare(staged: string, backup: string, skippedIds: number): Promise<void> {
  const state = backupState(staged)
  if (state === 'no backup') throw new RestoreFault(`${backup} is no backup: only what \`run backup\` made is restored`)
  if (state === 'damaged') throw new RestoreFault(`${backup} is damaged, or not whole`)
  unmark(staged)
  const damage = faultsOfFile(staged)
  if (damage.length > 0) throw new RestoreFault(`${backup} is damaged: ${damage.join('; ')}`)
  const schema = await withConnection(staged, 'read', (connection) =>
    schemaOf({ rows: async <Row>(sql: string) => connection.rows({ sql, args: [] }) as Row[] }),
  )
  if (schema === 'newer') throw new RestoreFault(`${backup} is of a newer version than this program`)
  if (schema === 'none') throw new RestoreFault(`${backup} holds no data of ours`)
  await migrateFile(`file:${staged}`)
  await withConnection(staged, 'write', (connection) => {
    connection.write([newEpoch, ...skip(connection, skippedIds)].map(plain))
    const [log] = connection.rows({ sql: 'PRAGMA wal_checkpoint(TRUNCATE)', args: [] })
    if (log?.busy !== 0) throw new Error('The log of the restored data could not be emptied')
  })
  dropEmptyLog(staged)
}

/** Every sequence goes ahead, that of a table without rows too: its first ones may have been given since. */
function skip(connection: Connection, count: number): Statement[] {
  const begun = connection.rows({ sql: 'SELECT name FROM sqlite_sequence', args: [] }).map(({ name }) => name)
  const counting = connection
    .rows({ sql: "SELECT name FROM sqlite_schema WHERE type = 'table' AND sql LIKE '%AUTOINCREMENT%'", args: [] })
    .map(({ name }) => name)
  return [
    { sql: 'UPDATE booking_sequence SET next = next + ?', args: [count] },
    { sql: 'UPDATE sqlite_sequence SET seq = seq + ?', args: [count] },
    ...counting
      .filter((name) => !begun.includes(name))
      .map((name) => ({ sql: 'INSERT INTO sqlite_sequence (name, seq) VALUES (?, ?)', args: [name, count] })),
  ]
}

function read(staged: string): Omit<Restored, 'before'> {
  const connection = connect(staged, 'read')
  try {
    const [told] = connection.rows({
      sql: `SELECT (SELECT epoch FROM event_stream) AS epoch, (SELECT count(*) FROM booking) AS bookings,
        (SELECT count(*) FROM patient) AS patients, (SELECT latest FROM booking_clock) AS latest`,
      args: [],
    })
    return told as unknown as Omit<Restored, 'before'>
  } finally {
    connection.close()
    dropEmptyLog(staged)
  }
}

async function withConnection<Result>(
  path: string,
  mode: 'read' | 'write',
  work: (connection: Connection) => Result | Promise<Result>,
): Promise<Result> {
  const connection = connect(path, mode)
  try {
    return await work(connection)
  } finally {
    connection.close()
  }
}
