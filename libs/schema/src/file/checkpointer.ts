/**
 * Copies the log of a data file into the file, in a Worker of its own: thousands of pages all over the file take some tens of
 * milliseconds, and a commit would wait for them. `checkpoints.ts` says when.
 */
import { closeSync, fdatasyncSync, openSync } from 'node:fs'
import { DatabaseFault, faultOf } from '../faults'
import { type Connection, connect } from './connection'

export type CheckpointerRequest = { kind: 'open'; path: string } | { kind: 'copy' } | { kind: 'close' }

export type CheckpointerReply = { kind: 'done' } | { kind: 'failed'; code: string; message: string }

declare const self: {
  onmessage: ((message: MessageEvent<CheckpointerRequest>) => void) | null
  postMessage(reply: CheckpointerReply): void
}

let connection: Connection
let file: number

/** SQLite waits for the disk only when it came to the end of the log; what is there already, whoever comes to it need not wait for. */
function waitForDisk(): void {
  try {
    fdatasyncSync(file)
  } catch {
    throw new DatabaseFault('SQLITE_IOERR_FSYNC', 'The disk refused the data file')
  }
}

function carryOut(request: CheckpointerRequest): void {
  switch (request.kind) {
    case 'open':
      connection = connect(request.path, 'write')
      file = openSync(request.path, 'r')
      return
    case 'copy':
      connection.rows({ sql: 'PRAGMA wal_checkpoint(PASSIVE)', args: [] })
      waitForDisk()
      return
    case 'close':
      connection.close()
      // with it the process gives up its locks of the file, SQLite's too, so it stays open until nothing is written any more
      closeSync(file)
  }
}

self.onmessage = ({ data }) => {
  try {
    carryOut(data)
    self.postMessage({ kind: 'done' })
  } catch (error) {
    const { code, message } = faultOf(error)
    self.postMessage({ kind: 'failed', code, message })
  }
}
