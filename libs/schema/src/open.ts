import { mkdirSync } from 'node:fs'
import { dirname } from 'node:path'
import type { Database } from './database'
import type { DatabaseFault } from './faults'
import { openFile } from './file'
import type { WaitedFor } from './migrate-server'
import { openServer } from './server'

export interface DatabaseAddress {
  /** `file:` and a path, or `http(s)://`, `ws(s)://`, `libsql://`. */
  url: string
  authToken?: string
}

export interface OpenOptions {
  /** Called once, when a disk fault ends all writing. The process does best to leave: only a new start knows what is on the disk. */
  onFailure?: (fault: DatabaseFault) => void
  /** Called once for each thing about a server that is waited for; without it that is a fault. */
  onWaiting?: (what: WaitedFor) => void
}

/**
 * Opens the database, brought to the present schema.
 * @throws DataInUse when another process holds the file
 */
export async function open(
  { url, authToken }: DatabaseAddress,
  { onFailure = () => {}, onWaiting }: OpenOptions = {},
): Promise<Database> {
  if (url.startsWith('file:')) {
    mkdirSync(dirname(url.slice('file:'.length)), { recursive: true })
    return openFile(url, onFailure)
  }
  return openServer(url, authToken, onWaiting)
}
