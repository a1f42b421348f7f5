import type { ResultSet } from '@libsql/client'
import { type Database, TURN_MS_MAX } from '../database'
import { faultOf, noAnswer, told, turnTooLate, writeBeforeFailed } from '../faults'
import type { DatabaseAddress, OpenOptions } from '../open'
import { queryBuilder } from '../statements/query'
import { type PlainStatement, plain, type Written } from '../statements/statement'
import { serverClient } from './client'
import { migrateServer } from './migrate-server'
import type { Presence } from './presence'
import { withReadReplica } from './read-replica'
import { streamingClient } from './streams'
import { counting } from './written'

/** How often a write is tried that is kept out, by other writers or by the server that brings its log to its file: for some 2.5 s. */
const BUSY_ATTEMPTS_MAX = 100
const BUSY_PAUSE_MS_MAX = 50
/** How often one is tried that took too long: others wait 5 s for each time, and a second time is for a disk that stood still. */
const TOO_LONG_MAX = 2
/** A read replica that has not answered by then is taken for one that will not, and the primary is asked. */
const REPLICA_MS_MAX = 1000

/**
 * Opens a libSQL server, brought to the present schema. Readings are answered by the replica at `readUrl`, where there is one.
 */
export async function openServer(
  { url, authToken, readUrl }: DatabaseAddress,
  { onWaiting, onReadReplica = () => {}, presence }: OpenOptions,
): Promise<Database> {
  await migrateServer(url, authToken, onWaiting)
  const client = counting(streamingClient(url, authToken))
  if (!readUrl) return overClient(client, presence)
  return overClient(
    withReadReplica(client, serverClient(readUrl, authToken, { answerMs: REPLICA_MS_MAX }), onReadReplica),
    presence,
  )
}

/** What a statement came to. */
export type Result = Pick<ResultSet, 'columns' | 'rowsAffected'> & { rows: ArrayLike<unknown>[] }

/** What is asked of a connection to a server, or of whatever stands for one. */
export interface ServerClient {
  execute(statement: PlainStatement): Promise<Result>
  batch(statements: PlainStatement[], mode: 'read' | 'write'): Promise<Result[]>
  close(): void
}

/** A server that has the present schema. */
export function overClient(client: ServerClient, presence: Presence = (asking) => asking): Database {
  let last: Promise<unknown> = Promise.resolve()

  const reading = <T>(work: () => Promise<T>) => presence(readAgain(work))

  /** A reading whose connection broke is done once more. */
  async function readAgain<T>(work: () => Promise<T>): Promise<T> {
    try {
      return await work()
    } catch (error) {
      if (!faultOf(error).isUnreachable || isSlow(error)) throw told(error)
      return await work().catch((again) => {
        throw told(again)
      })
    }
  }

  async function writeNow(statements: PlainStatement[], latest: number): Promise<Written[]> {
    for (let attempt = 1, tooLong = 0; ; attempt++) {
      try {
        return (await client.batch(statements, 'write')).map((result) => ({
          rows: rowsOf(result),
          changes: result.rowsAffected,
        }))
      } catch (error) {
        const fault = told(error)
        if (fault.isTooLong) tooLong++
        if (!fault.isBusy || attempt === BUSY_ATTEMPTS_MAX || tooLong === TOO_LONG_MAX) throw fault
        await Bun.sleep(Math.random() * BUSY_PAUSE_MS_MAX)
        if (performance.now() > latest) throw fault
      }
    }
  }

  return {
    read: <T>(sql: string, args: unknown[] = []) =>
      reading(async () => rowsOf(await client.execute(plain({ sql, args }))) as T[]),
    readAll: (statements) =>
      reading(async () => {
        const asked = statements.map(plain)
        // one by itself is of one moment without a transaction, which would cost the server as much again
        const results = asked.length === 1 ? [await client.execute(asked[0]!)] : await client.batch(asked, 'read')
        return results.map(rowsOf)
      }),
    query: queryBuilder((sql, args) =>
      reading(async () => {
        const result = await client.execute(plain({ sql, args }))
        return result.rows.map((row) => Array.from({ length: result.columns.length }, (_, column) => row[column]))
      }),
    ),
    write(statements, { after, withinMs = TURN_MS_MAX } = {}) {
      const asked = statements.map(plain)
      const begun = performance.now()
      const latest = begun + Math.min(withinMs, TURN_MS_MAX)
      const turn = last.then(async () => {
        await after?.catch(() => {
          throw writeBeforeFailed()
        })
        const now = performance.now()
        // so long only a server keeps others waiting that does not answer
        if (now > begun + TURN_MS_MAX) throw noAnswer()
        if (now > latest) throw told(turnTooLate())
        return presence(writeNow(asked, latest))
      })
      last = turn.catch(() => undefined)
      return turn
    },
    shared: true,
    // a server minds its own disk
    failure: () => null,
    async close() {
      await last
      client.close()
    },
  }
}

const isSlow = (error: unknown) => (error as Error).name === 'TimeoutError'

/** The rows of a result, keyed by column. */
function rowsOf({ columns, rows }: Result): Record<string, unknown>[] {
  return rows.map((row) => Object.fromEntries(columns.map((name, column) => [name, row[column]])))
}
