/** Makes one backup of a data file, in a Worker of its own. */
import { closeSync, openSync, rmSync } from 'node:fs'
import Sqlite from 'libsql'
import { faultOf } from '../faults'
import { BUSY_MS } from '../file/connection'
import { NameTaken, publish } from '../file/durable'
import { markBackup } from '../file/mark'
import { DataUnusable, unusable } from '../file/unusable'
import { faultsOfFile } from './damage'

export interface BackupRequest {
  path: string
  to: string
}

export interface BackupReply {
  /** For whoever asked; null when it was made. */
  fault: string | null
}

declare const self: {
  onmessage: ((message: MessageEvent<BackupRequest>) => void) | null
  postMessage(reply: BackupReply): void
}

/**
 * One statement reads the whole file in one transaction, while the writer appends to its log. The connection writes nothing to
 * the file and never moves the log into it; what makes a connection read-only would forbid the statement.
 */
function copy(path: string, to: string): void {
  const source = new Sqlite(path, { timeout: BUSY_MS })
  try {
    source.exec('PRAGMA wal_autocheckpoint = 0')
    source.prepare('VACUUM INTO ?').run([to])
  } finally {
    source.close()
  }
}

function make(path: string, to: string): string | null {
  const partial = `${to}.partial`
  rmSync(partial, { force: true })
  // before anything is in it, so that it is never anybody else's to read
  closeSync(openSync(partial, 'wx', 0o600))
  try {
    copy(path, partial)
    const damage = faultsOfFile(partial)
    if (damage.length > 0) return `The data is damaged, no backup was made of it: ${damage.join('; ')}`
    markBackup(partial)
    publish(partial, to)
    return null
  } finally {
    rmSync(partial, { force: true })
  }
}

self.onmessage = ({ data: { path, to } }) => {
  try {
    self.postMessage({ fault: make(path, to) })
  } catch (thrown) {
    const error = unusable(path, thrown)
    const isTold = error instanceof NameTaken || error instanceof DataUnusable
    self.postMessage({ fault: isTold ? error.message : `The backup failed: ${faultOf(error).code}` })
  }
}
