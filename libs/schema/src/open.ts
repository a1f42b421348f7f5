import { mkdirSync } from 'node:fs'
import { dirname } from 'node:path'
import type { Database } from './database'
import type { DatabaseFault } from './faults'
import { openFile } from './file/file'
import type { Presence } from './server/presence'
import type { OnReadReplica } from './server/read-replica'
import { openServer } from './server/server'
import type { WaitedFor } from './server/waiting'

export interface DatabaseAddress {
  /** `file:` and a path, or `http(s)://`, `ws(s)://`, `libsql://`. */
  url: string
  authToken?: string
  /** Of a replica of that server, which is to answer readings; with the same token. */
  readUrl?: string
}

export interface OpenOptions {
  /** Called once, when a disk fault ends all writing. The process does best to leave: only a new start knows what is on the disk. */
  onFailure?: (fault: DatabaseFault) => void
  /** Called once for each thing about a server that is waited for; without it that is a fault. */
  onWaiting?: (what: WaitedFor) => void
  /** Takes note of whether a server answers; one for all that a process has open of it. */
  presence?: Presence
  /** Called when the read replica serves no more, and when it does again; with what is wrong, where somebody has to put it right. */
  onReadReplica?: OnReadReplica
}

/**
 * Opens the database, brought to the present schema.
 * @throws DataInUse when another process holds the file, DataUnusable; DatabaseFault of a server, or Refusal where it admits nobody like us
 */
export async function open(address: DatabaseAddress, options: OpenOptions = {}): Promise<Database> {
  const { url } = address
  if (!url.startsWith('file:')) return openServer(address, options)
  mkdirSync(dirname(url.slice('file:'.length)), { recursive: true })
  return openFile(url, options.onFailure ?? (() => {}))
}
