import { Database as Sqlite } from 'bun:sqlite'
import { finishExchange } from './exchange'
import { unusable } from './unusable'

/** Another process has the data open. */
export class DataInUse extends Error {
  override readonly name = 'DataInUse'
}

export interface Lease {
  release(): void
}

/**
 * Takes the lock of the data file at `path` for this process, until `release` or the end of the process, however it ends.
 *
 * The lock is SQLite's own exclusive file lock on an empty file beside the data, so a killed process leaves none behind. Whoever
 * takes it first ends the exchange of the data that a kill interrupted.
 * @throws DataInUse when another process holds it, DataUnusable where the folder cannot be written to
 */
export function lock(path: string): Lease {
  const lease = hold(path, 'PRAGMA journal_mode = DELETE; BEGIN EXCLUSIVE')
  if (!lease) {
    throw new DataInUse(
      `The data of ${path} is in use by another process, most likely a server: stop that one, or set DATA_DIR to another folder`,
    )
  }
  try {
    finishExchange(path)
  } catch (error) {
    lease.release()
    throw error
  }
  return lease
}

/** Keeps `lock` of the same path out for as long as it is held, and others that do the same do not; null while that is taken. */
export const share = (path: string): Lease | null => hold(path, 'BEGIN; SELECT count(*) FROM sqlite_schema')

function hold(path: string, how: string): Lease | null {
  const holder = opened(path)
  try {
    holder.exec(`PRAGMA busy_timeout = 0; ${how}`)
    return { release: () => holder.close() }
  } catch (error) {
    holder.close()
    if ((error as { code?: string }).code === 'SQLITE_BUSY') return null
    throw error
  }
}

function opened(path: string): Sqlite {
  try {
    return new Sqlite(`${path}.lock`, { create: true })
  } catch (error) {
    throw unusable(path, error)
  }
}
