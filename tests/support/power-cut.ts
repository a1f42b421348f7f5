import { closeSync, copyFileSync, existsSync, mkdtempSync, openSync, rmSync, writeSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import type { SystemCall } from './strace'

/** The files of the data that outlive a power cut. */
export const dataFiles = ['channelling.db', 'channelling.db-wal'] as const

interface Range {
  offset: number
  bytes: number
}

/**
 * The data as a power cut would leave it: whatever was written and not waited for is gone, and what a failed wait was for is gone
 * for good, unless it was written again. `use` gets a folder that is removed after it.
 */
export function afterPowerCut<Result>(
  dataDir: string,
  calls: readonly SystemCall[],
  use: (folder: string) => Result,
): Result {
  const folder = mkdtempSync(join(tmpdir(), 'power-cut-'))
  try {
    for (const name of dataFiles) {
      if (!existsSync(join(dataDir, name))) continue
      copyFileSync(join(dataDir, name), join(folder, name))
      const file = openSync(join(folder, name), 'r+')
      for (const { offset, bytes } of unsafe(calls.filter(({ path }) => basename(path) === name))) {
        writeSync(file, Buffer.alloc(bytes), 0, bytes, offset)
      }
      closeSync(file)
    }
    return use(folder)
  } finally {
    rmSync(folder, { recursive: true })
  }
}

/** What of one file was written and is not on the disk. */
export function unsafe(calls: readonly SystemCall[]): Range[] {
  let pending = new Map<string, Range>()
  const lost = new Map<string, Range>()
  for (const { name, offset, bytes, done } of calls) {
    if (name === 'fsync' || name === 'fdatasync') {
      if (!done) for (const [key, range] of pending) lost.set(key, range)
      pending = new Map()
    } else if (bytes > 0 && done) {
      const key = `${offset} ${bytes}`
      lost.delete(key)
      pending.set(key, { offset, bytes })
    }
  }
  return [...lost.values(), ...pending.values()]
}
