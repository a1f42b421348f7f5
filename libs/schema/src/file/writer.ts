/**
 * The one connection that writes to a data file, in a Worker of its own: a commit waits for the disk, and on the main
 * thread every other request would wait with it.
 */

import { type DatabaseFault, faultOf, writeBeforeFailed } from '../faults'
import type { PlainStatement, Written } from '../statements/statement'
import { type Checkpoints, startCheckpoints } from './checkpoints'
import { type Connection, connect } from './connection'

export type WriterRequest =
  | { kind: 'open'; path: string }
  /** `after` is the id of a write without which this one is not done; later than `until`, by `sharedNow`, it is not done either. */
  | { kind: 'write'; id: number; after: number | undefined; until: number; statements: PlainStatement[] }
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
let checkpoints: Checkpoints
/** The disk fault after which nothing more is tried: a later fsync succeeds without what the failed one lost. */
let failed: DatabaseFault | null = null
/** Ids of the writes that failed last; what follows one of them was posted before its failure was known, so a few are enough. */
const undone = new Set<number>()
const UNDONE_MAX = 10_000

function keepUndone(id: number): void {
  undone.add(id)
  if (undone.size > UNDONE_MAX) undone.delete(undone.values().next().value!)
}

function write({ id, after, until, statements }: Extract<WriterRequest, { kind: 'write' }>): WriterReply {
  if (failed) throw failed
  if (after !== undefined && undone.has(after)) throw writeBeforeFailed()
  const written = connection.write(statements, until)
  checkpoints.wrote()
  return { kind: 'written', id, written }
}

async function open(path: string): Promise<WriterReply> {
  connection = connect(path, 'write')
  checkpoints = await startCheckpoints(path, connection, (fault) => {
    failed = fault
    self.postMessage({ kind: 'failed', id: null, code: fault.code, message: fault.message })
  })
  return { kind: 'opened' }
}

async function close(): Promise<WriterReply> {
  await checkpoints.close()
  connection.close()
  return { kind: 'closed' }
}

function carryOut(request: WriterRequest): WriterReply | Promise<WriterReply> {
  switch (request.kind) {
    case 'open':
      return open(request.path)
    case 'write':
      return write(request)
    case 'close':
      return close()
  }
}

self.onmessage = async ({ data }) => {
  try {
    self.postMessage(await carryOut(data))
  } catch (error) {
    const fault = faultOf(error)
    if (fault.isFatal) failed = fault
    if (data.kind === 'write') keepUndone(data.id)
    self.postMessage({ kind: 'failed', id: 'id' in data ? data.id : null, code: fault.code, message: fault.message })
  }
}
