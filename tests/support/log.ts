import { closeSync, openSync, readSync } from 'node:fs'
import { join } from 'node:path'

/** Where the log's index says how many frames the log has, and how many of them are in the file. https://sqlite.org/walformat.html */
const FRAMES_AT = 16
const BROUGHT_AT = 96

/** Whether everything in the log of a server's data is in the file too. */
export function isBrought(dataDir: string): boolean {
  const index = openSync(join(dataDir, 'channelling.db-shm'), 'r')
  const head = Buffer.alloc(BROUGHT_AT + 4)
  readSync(index, head, 0, head.length, 0)
  closeSync(index)
  return head.readUInt32LE(FRAMES_AT) === head.readUInt32LE(BROUGHT_AT)
}
