import { mkdirSync } from 'node:fs'
import { dirname } from 'node:path'
import type { Database } from './database'
import { openFile } from './file'
import { migrateTo } from './migrate'
import { openServer } from './server'

export interface DatabaseAddress {
  /** `file:` and a path, or `http(s)://`, `ws(s)://`, `libsql://`. */
  url: string
  authToken?: string
}

/**
 * Opens the database, brought to the present schema.
 * @throws DataInUse when another process holds the file
 */
export async function open({ url, authToken }: DatabaseAddress): Promise<Database> {
  if (url.startsWith('file:')) {
    mkdirSync(dirname(url.slice('file:'.length)), { recursive: true })
    return openFile(url)
  }
  await migrateTo(url, authToken)
  return openServer(url, authToken)
}
