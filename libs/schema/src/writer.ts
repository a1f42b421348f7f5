/**
 * The one connection that writes to a data file, in a Worker of its own: a commit waits for the disk, and on the main
 * thread every other request would wait with it.
 */
import { type Connection, connect } from './connection'
import { DatabaseFault, faultOf, writeBeforeFailed } from './faults'
import type { PlainStatement, Written } from './statement'

export type WriterRequest =
  | { kind: 'open'; path: string }
  /** `after` is the id of a write without which this one is not done. */
  | { kind: 'write'; id: number; after: number | undefined; statements: PlainStatement[] }
  | { kind: 'close' }

export type WriterReply =
  | { kind: 'opened' }
  | { kind: 'written'; id: number; written: Written[] }
  /** `id` is null when the file could not be opened or closed. */
  | { kind: 'failed'; id: number | null; code: string; message: string }
  | { kind: 'closed' }

declare const self: {
  onmessage: ((message: MessageEvent<WriterRequest>) => void) | null
  postMessage(reply: WriterReply): void
}

let connection: Connection
/** The disk fault after which nothing more is tried: a later fsync succeeds without what the failed one lost. */
let failed: DatabaseFault | null = null
/** Ids of the writes that failed last; what follows one of them was posted before its failure was known, so a few are enough. */
const undone = new Set<number>()
const UNDONE_MAX = 10_000

/**
 * Whatever the log holds goes into the file itself, and is on the disk. After a failed fsync the system shows pages that the disk
 * may not have; written anew, they are either there or the start stops, and no answer rests on them before.
 */
function emptyLog(): void {
  const [done] = connection.rows({ sql: 'PRAGMA wal_checkpoint(TRUNCATE)', args: [] })
  if (done?.busy !== 0) throw new DatabaseFault('SQLITE_BUSY', 'The log could not be emptied')
}

function keepUndone(id: number): void {
  undone.add(id)
  if (undone.size > UNDONE_MAX) undone.delete(undone.values().next().value!)
}

function carryOut(request: WriterRequest): WriterReply {
  switch (request.kind) {
    case 'open':
      connection = connect(request.path, 'write')
      emptyLog()
      return { kind: 'opened' }
    case 'write':
      if (failed) throw failed
      if (request.after !== undefined && undone.has(request.after)) throw writeBeforeFailed()
      return { kind: 'written', id: request.id, written: connection.write(request.statements) }
    case 'close':
      emptyLog()
      connection.close()
      return { kind: 'closed' }
  }
}

self.onmessage = ({ data }) => {
  try {
    self.postMessage(carryOut(data))
  } catch (error) {
    const fault = faultOf(error)
    if (fault.isFatal) failed = fault
    if (data.kind === 'write') keepUndone(data.id)
    self.postMessage({ kind: 'failed', id: 'id' in data ? data.id : null, code: fault.code, message: fault.message })
  }
}
