import { connect } from './connection'
import type { Database } from './database'
import { DatabaseFault, faultOf } from './faults'
import { lock } from './lock'
import { migrateTo } from './migrate'
import { queryBuilder } from './query'
import { plain, type Written } from './statement'
import type { WriterReply, WriterRequest } from './writer'

interface Waiting {
  resolve(written: Written[]): void
  reject(fault: DatabaseFault): void
}

/**
 * Opens a data file for this process alone: one connection writes, in a Worker, and a second one, read-only, reads.
 * @param url `file:` and a path
 * @throws DataInUse when another process has it open
 */
export async function openFile(url: string): Promise<Database> {
  const path = url.slice('file:'.length)
  const lease = lock(path)
  try {
    await migrateTo(url)
    const writer = await startWriter(path)
    const reader = connect(path, 'read')

    const guarded = <Read>(read: () => Read): Promise<Read> => {
      try {
        return Promise.resolve(read())
      } catch (error) {
        return Promise.reject(faultOf(error))
      }
    }

    return {
      read: <Row>(sql: string, args: unknown[] = []) => guarded(() => reader.rows(plain({ sql, args })) as Row[]),
      readAll: (statements) => guarded(() => reader.rowsOfAll(statements.map(plain))),
      query: queryBuilder((sql, args) => guarded(() => reader.arrays(plain({ sql, args })))),
      write: (statements) => writer.write(statements.map(plain)),
      async close() {
        reader.close()
        await writer.close()
        lease.release()
      },
    }
  } catch (error) {
    lease.release()
    throw error
  }
}

async function startWriter(path: string) {
  const worker = new Worker(new URL('./writer.ts', import.meta.url).href)
  const waiting = new Map<number, Waiting>()
  let lastId = 0
  let failure: DatabaseFault | null = null
  const opened = Promise.withResolvers<void>()
  const closed = Promise.withResolvers<void>()
  const post = (request: WriterRequest) => worker.postMessage(request)

  worker.onmessage = ({ data }: MessageEvent<WriterReply>) => {
    if (data.kind === 'opened') return opened.resolve()
    if (data.kind === 'closed') return closed.resolve()
    const caller = waiting.get(data.id)
    waiting.delete(data.id)
    if (data.kind === 'written') caller?.resolve(data.written)
    else caller?.reject(new DatabaseFault(data.code, data.message))
  }
  worker.onerror = (event) => {
    failure = new DatabaseFault('WRITER_STOPPED', `The database writer stopped: ${event.message}`)
    opened.reject(failure)
    for (const caller of waiting.values()) caller.reject(failure)
    waiting.clear()
  }

  post({ kind: 'open', path })
  await opened.promise
  return {
    write(statements: ReturnType<typeof plain>[]): Promise<Written[]> {
      if (failure) return Promise.reject(failure)
      return new Promise((resolve, reject) => {
        const id = ++lastId
        waiting.set(id, { resolve, reject })
        post({ kind: 'write', id, statements })
      })
    },
    async close() {
      if (!failure) {
        post({ kind: 'close' })
        await closed.promise
      }
      worker.terminate()
    },
  }
}
