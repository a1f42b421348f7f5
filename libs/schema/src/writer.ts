/**
 * The one connection that writes to a data file, in a Worker of its own: a commit waits for the disk, and on the main
 * thread every other request would wait with it.
 */
import type { Client } from '@libsql/client'
import { connect, rowsOf } from './connection'
import { faultOf } from './faults'
import type { PlainStatement, Written } from './statement'

export type WriterRequest =
  | { kind: 'open'; url: string }
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

let client: Client

self.onmessage = async ({ data }) => {
  switch (data.kind) {
    case 'open':
      client = await connect(data.url, 'write')
      return self.postMessage({ kind: 'opened' })
    case 'write':
      try {
        const results = await client.batch(data.statements, 'write')
        const written = results.map((result) => ({ rows: rowsOf(result), changes: result.rowsAffected }))
        return self.postMessage({ kind: 'written', id: data.id, written })
      } catch (error) {
        const { code, message } = faultOf(error)
        return self.postMessage({ kind: 'failed', id: data.id, code, message })
      }
    case 'close':
      await client.execute('PRAGMA wal_checkpoint(TRUNCATE)')
      client.close()
      return self.postMessage({ kind: 'closed' })
  }
}
