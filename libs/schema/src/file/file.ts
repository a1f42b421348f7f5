import { closeSync, existsSync, openSync } from 'node:fs'
import { Refusal } from '@channelling/contract'
import { type Database, TURN_MS_MAX, type WriteOptions } from '../database'
import { DatabaseFault, told } from '../faults'
import { migrateFile } from '../migrate'
import { queryBuilder } from '../statements/query'
import { type PlainStatement, plain, type Written } from '../statements/statement'
import { connect } from './connection'
import { lock } from './lock'
import { isMarked } from './mark'
import { sharedNow } from './shared-now'
import { unusable } from './unusable'
import type { WriterReply, WriterRequest } from './writer'

/** A backup is where the data was, and is no data to go on with: ids and positions that were given after it would be given again. */
export class DataIsBackup extends Error {
  override readonly name = 'DataIsBackup'
}

interface Waiting {
  resolve(written: Written[]): void
  reject(error: DatabaseFault | Refusal): void
}

/**
 * Opens a data file for this process alone: one connection writes, in a Worker, and a second one, read-only, reads.
 * @param url `file:` and a path
 * @throws DataInUse when another process has it open, DataIsBackup, DataUnusable
 */
export async function openFile(url: string, onFailure: (fault: DatabaseFault) => void): Promise<Database> {
  const path = url.slice('file:'.length)
  const lease = lock(path)
  try {
    if (existsSync(path) && isMarked(path)) {
      throw new DataIsBackup(`${path} is a backup: put it in the place of the data with \`bun run restore\``)
    }
    // before anything is in it, so that it is never anybody else's to read; its log gets the same mode from SQLite
    closeSync(openSync(path, 'a', 0o600))
    await migrateFile(url)
    const writer = await startWriter(path, onFailure)
    const reader = connect(path, 'read')

    const guarded = <Read>(read: () => Read): Promise<Read> => {
      try {
        return Promise.resolve(read())
      } catch (error) {
        return Promise.reject(told(error))
      }
    }

    return {
      read: <Row>(sql: string, args: unknown[] = []) => guarded(() => reader.rows(plain({ sql, args })) as Row[]),
      readAll: (statements) => guarded(() => reader.rowsOfAll(statements.map(plain))),
      query: queryBuilder((sql, args) => guarded(() => reader.arrays(plain({ sql, args })))),
      write: (statements, options) => writer.write(statements.map(plain), options),
      shared: false,
      failure: writer.failure,
      async close() {
        reader.close()
        await writer.close()
        lease.release()
      },
    }
  } catch (error) {
    lease.release()
    throw unusable(path, error)
  }
}

/** The writer, until a fault of the disk or of the writer itself: from then on every write is refused, the waiting ones included. */
async function startWriter(path: string, onFailure: (fault: DatabaseFault) => void) {
  const worker = new Worker(new URL('./writer.ts', import.meta.url).href)
  const waiting = new Map<number, Waiting>()
  const posted = new WeakMap<Promise<Written[]>, number>()
  let lastId = 0
  let failure: DatabaseFault | null = null
  let isOpen = false
  const opened = Promise.withResolvers<void>()
  const closed = Promise.withResolvers<void>()
  const post = (request: WriterRequest) => worker.postMessage(request)
  const refusal = () =>
    new Refusal('service_unavailable', 'The database cannot be written at present', { retryAfterSeconds: 1 })

  function take(id: number): Waiting | undefined {
    const caller = waiting.get(id)
    waiting.delete(id)
    return caller
  }

  function fail(fault: DatabaseFault): void {
    if (failure) return
    failure = fault
    opened.reject(fault)
    closed.resolve()
    for (const caller of waiting.values()) caller.reject(refusal())
    waiting.clear()
    if (isOpen) onFailure(fault)
  }

  worker.onmessage = ({ data }: MessageEvent<WriterReply>) => {
    switch (data.kind) {
      case 'opened':
        return opened.resolve()
      case 'closed':
        return closed.resolve()
      case 'written':
        return take(data.id)?.resolve(data.written)
      case 'failed': {
        const fault = new DatabaseFault(data.code, data.message)
        if (data.id === null || fault.isFatal) return fail(fault)
        return take(data.id)?.reject(told(fault))
      }
    }
  }
  worker.onerror = (event) => fail(new DatabaseFault('WRITER_STOPPED', `The database writer stopped: ${event.message}`))
  worker.addEventListener('close', () => fail(new DatabaseFault('WRITER_STOPPED', 'The database writer stopped')))

  post({ kind: 'open', path })
  await opened.promise
  isOpen = true
  return {
    failure: () => failure,
    write(statements: PlainStatement[], { after, withinMs = TURN_MS_MAX }: WriteOptions = {}): Promise<Written[]> {
      if (failure) return Promise.reject(refusal())
      const id = ++lastId
      const written = new Promise<Written[]>((resolve, reject) => waiting.set(id, { resolve, reject }))
      posted.set(written, id)
      const until = sharedNow() + Math.min(withinMs, TURN_MS_MAX)
      post({ kind: 'write', id, after: after && posted.get(after), until, statements })
      return written
    },
    async close() {
      isOpen = false
      if (!failure) {
        post({ kind: 'close' })
        await closed.promise
      }
      worker.terminate()
    },
  }
}
