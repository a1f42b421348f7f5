import { DatabaseFault, faultOf } from '../faults'
import type { CheckpointerReply, CheckpointerRequest } from './checkpointer'
import { type Connection, connect } from './connection'

/** How long the log grows from a write on. A page that many bookings touch goes to the file once for all of them. */
const GROWING_MS = 2000

/**
 * How often a round brings the log to the file beside the writer before the writer does the rest: what is written during the first
 * time is a small part, and what is written during the second next to nothing.
 */
const TURNS = 2

/** What brings the log of a data file to the file, now and then. */
export interface Checkpoints {
  /** Says that something may have been written. */
  wrote(): void
  /** Brings whatever the log holds, and ends. */
  close(): Promise<void>
}

/**
 * Brings the log to the file in rounds: a Worker copies it while the writer goes on, and the writer copies what little came since.
 * Only then is the log begun anew, by the writer alone.
 *
 * SQLite before 3.51.3 can lose commits where one connection begins the log anew while another copies it. It cannot here: as long as
 * the Worker copies, a reader stands within the log, and a log that is being read is not begun anew.
 * https://sqlite.org/wal.html#walresetbug
 *
 * @param writer the one connection that writes
 * @param onFault told of a fault after which nothing may be written any more
 * @throws DatabaseFault when the log that is there cannot be brought
 */
export async function startCheckpoints(
  path: string,
  writer: Connection,
  onFault: (fault: DatabaseFault) => void,
): Promise<Checkpoints> {
  emptyLog(writer)
  const reader = connect(path, 'read')
  const copier = await startCopier(path)
  let timer: Timer | null = null
  let round = Promise.resolve()

  /** Changes with every commit of another connection. */
  const version = () => reader.arrays({ sql: 'PRAGMA data_version', args: [] })[0]?.[0]
  const leave = () => reader.rows({ sql: 'COMMIT', args: [] })
  let brought = version()

  /** Stands within the log; where nothing was written it cannot, and says so. */
  function stand(): boolean {
    reader.rows({ sql: 'BEGIN', args: [] })
    const seen = version()
    if (seen === brought) {
      leave()
      return false
    }
    brought = seen
    return true
  }

  async function bring(): Promise<void> {
    for (let turn = 1; turn <= TURNS && stand(); turn++) {
      await copier.copy().finally(leave)
    }
    writer.rows({ sql: 'PRAGMA wal_checkpoint(PASSIVE)', args: [] })
    brought = version()
  }

  return {
    wrote() {
      timer ??= setTimeout(() => {
        round = bring().then(
          () => {
            timer = null
          },
          (error) => onFault(faultOf(error)),
        )
      }, GROWING_MS)
    },
    async close() {
      if (timer) clearTimeout(timer)
      await round
      reader.close()
      await copier.close()
      emptyLog(writer)
    },
  }
}

/**
 * Whatever the log holds goes into the file itself, and is on the disk. After a failed fsync the system shows pages that the disk
 * may not have; written anew, they are either there or the start stops, and no answer rests on them before.
 */
function emptyLog(writer: Connection): void {
  const [done] = writer.rows({ sql: 'PRAGMA wal_checkpoint(TRUNCATE)', args: [] })
  if (done?.busy !== 0) throw new DatabaseFault('SQLITE_BUSY', 'The log could not be emptied')
}

/** The Worker that copies. */
async function startCopier(path: string) {
  const worker = new Worker(new URL('./checkpointer.ts', import.meta.url).href)
  let asked = Promise.withResolvers<void>()
  worker.onmessage = ({ data }: MessageEvent<CheckpointerReply>) => {
    if (data.kind === 'done') asked.resolve()
    else asked.reject(new DatabaseFault(data.code, data.message))
  }
  worker.onerror = ({ message }) => {
    asked.reject(new DatabaseFault('WRITER_STOPPED', `What copies the log stopped: ${message}`))
  }
  const ask = (request: CheckpointerRequest): Promise<void> => {
    asked = Promise.withResolvers()
    worker.postMessage(request)
    return asked.promise
  }

  await ask({ kind: 'open', path })
  return {
    copy: () => ask({ kind: 'copy' }),
    async close() {
      await ask({ kind: 'close' })
      worker.terminate()
    },
  }
}
