import { Database as Sqlite } from 'bun:sqlite'
import { finishExchange } from './exchange'

/** Another process has the data open. */
export class DataInUse extends Error {
  override readonly name = 'DataInUse'
}

/**
 * Takes the lock of the data file at `path` for this process, until `release` or the end of the process, however it ends.
 *
 * The lock is SQLite's own exclusive file lock on an empty file beside the data, so a killed process leaves none behind. Whoever
 * takes it first ends the exchange of the data that a kill interrupted.
 * @throws DataInUse when another process holds it.
 */
export function lock(path: string): { release(): void } {
  const holder = new Sqlite(`${path}.lock`, { create: true })
  try {
    holder.exec('PRAGMA busy_timeout = 0; PRAGMA journal_mode = DELETE; BEGIN EXCLUSIVE')
  } catch (error) {
    holder.close()
    if ((error as { code?: string }).code === 'SQLITE_BUSY') {
      throw new DataInUse(
        `The data of ${path} is in use by another process, most likely a server: stop that one, or set DATA_DIR to another folder`,
      )
    }
    throw error
  }
  try {
    finishExchange(path)
  } catch (error) {
    holder.close()
    throw error
  }
  return { release: () => holder.close() }
}
