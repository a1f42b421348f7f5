import { existsSync, mkdirSync, renameSync, rmSync, statSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { renameDurably, sync } from './durable'

/** The data file and what SQLite may keep of it beside. */
const PARTS = ['', '-wal', '-journal']

/** What is to take the place of the data file: once this name is there, that is decided. */
const decidedPath = (path: string) => `${path}.restored`

/** Whether there is a data file at `path`, or one that was decided to be there. */
export const hasFile = (path: string): boolean => existsSync(path) || existsSync(decidedPath(path))

/** `20260518T093000123Z` */
const stampOf = (moment: Date) => moment.toISOString().replace(/[-:.]/g, '')

/**
 * Puts a finished data file in the place of another, for good and whole whenever it is killed; what was there is kept beside. The
 * caller holds the lock, and no log lies beside `finished`. A folder whose content is on the disk does as well.
 * @returns the folder in which the data of before is now; null where there was none
 */
export function exchange(finished: string, path: string): string | null {
  sync(finished)
  renameDurably(finished, decidedPath(path))
  return finishExchange(path)
}

/**
 * Ends an exchange that was decided. A log belongs to its file by the name alone, so the old one is away, on the disk too, before
 * another file gets the name.
 */
export function finishExchange(path: string): string | null {
  const decided = statSync(decidedPath(path), { throwIfNoEntry: false })
  if (!decided) return null
  // named by what a second attempt finds as well
  const before = `${path}.before-${stampOf(decided.mtime)}`
  for (const part of PARTS) {
    if (!existsSync(`${path}${part}`)) continue
    mkdirSync(before, { recursive: true, mode: 0o700 })
    renameSync(`${path}${part}`, join(before, `${basename(path)}${part}`))
  }
  rmSync(`${path}-shm`, { force: true })
  const kept = existsSync(before)
  if (kept) sync(before)
  sync(dirname(path))
  renameDurably(decidedPath(path), path)
  return kept ? before : null
}
