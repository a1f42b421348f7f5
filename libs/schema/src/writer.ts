/**
 * The one connection that writes to a data file, in a Worker of its own: a commit waits for the disk, and on the main
 * thread every other request would wait with it.
 */
import { type Connection, connect } from './connection'
import { faultOf } from './faults'
import type { PlainStatement, Written } from './statement'

export type WriterRequest =
  | { kind: 'open'; path: string }
  | { kind: 'write'; id: number; statements: PlainStatement[] }
  | { kind: 'close' }

export type WriterReply =
  | { kind: 'opened' }
  | { kind: 'written'; id: number; written: Written[] }
  | { kind: 'failed'; id: number; code: string; message: string }
  | { kind: 'closed' }

declare const self: {
  onmessage: ((message: MessageEvent<WriterRequest>) => void) | null
  postMessage(reply: WriterReply): void
}

let connection: Connection

self.onmessage = ({ data }) => {
  switch (data.kind) {
    case 'open':
      connection = connect(data.path, 'write')
      return self.postMessage({ kind: 'opened' })
    case 'write':
      try {
        return self.postMessage({ kind: 'written', id: data.id, written: connection.write(data.statements) })
      } catch (error) {
        const { code, message } = faultOf(error)
        return self.postMessage({ kind: 'failed', id: data.id, code, message })
      }
    case 'close':
      connection.rows({ sql: 'PRAGMA wal_checkpoint(TRUNCATE)', args: [] })
      connection.close()
      return self.postMessage({ kind: 'closed' })
  }
}
