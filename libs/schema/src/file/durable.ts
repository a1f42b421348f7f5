import { closeSync, existsSync, fsyncSync, linkSync, openSync, renameSync, rmSync, statSync } from 'node:fs'
import { dirname } from 'node:path'

/** Waits until what was written to a file, or what names a folder has, is on the disk. */
export function sync(path: string): void {
  const descriptor = openSync(path, 'r')
  try {
    fsyncSync(descriptor)
  } finally {
    closeSync(descriptor)
  }
}

/** Renames within one folder, for good once it returns. What had the name before is gone. */
export function renameDurably(from: string, to: string): void {
  renameSync(from, to)
  sync(dirname(to))
}

/** A name is taken already. */
export class NameTaken extends Error {
  override readonly name = 'NameTaken'
}

/** Where a folder cannot give one file two names. */
const NO_LINKS = new Set(['EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS', 'EMLINK'])

/**
 * Gives a finished file its name in the same folder, whole and for good, unless something has that name.
 * @throws NameTaken
 */
export function publish(finished: string, as: string): void {
  sync(finished)
  try {
    linkSync(finished, as)
    rmSync(finished)
    sync(dirname(as))
  } catch (error) {
    const { code } = error as { code?: string }
    if (code === 'EEXIST' || existsSync(as)) throw new NameTaken(`${as} is there already`)
    if (!code || !NO_LINKS.has(code)) throw error
    renameDurably(finished, as)
  }
}

/** Removes the empty log of a data file that is closed, so that the file alone is everything. */
export function dropEmptyLog(path: string): void {
  const log = statSync(`${path}-wal`, { throwIfNoEntry: false })
  if (log && log.size > 0) throw new Error('The log of a closed data file is not empty')
  for (const suffix of ['-wal', '-shm']) rmSync(`${path}${suffix}`, { force: true })
}
