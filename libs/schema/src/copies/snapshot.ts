import { Refusal } from '@channelling/contract'
import { type DatabaseFault, faultOf } from '../faults'
import { connect } from '../file/connection'
import { lock } from '../file/lock'
import { unusable } from '../file/unusable'
import type { DatabaseAddress } from '../open'
import { serverClient } from '../server/client'
import { plain } from '../statements/statement'

/** A database as it is at one moment, whoever writes meanwhile. Its schema is left as it is. */
export interface Snapshot {
  rows<Row = Record<string, unknown>>(sql: string, args?: unknown[]): Promise<Row[]>
  close(): Promise<void>
}

/**
 * Opens a data file, which this process then holds, or one long reading of a server, which goes on serving. A server ends a
 * reading that asks nothing for ten seconds.
 * @throws DataInUse, DataUnusable, DatabaseFault; of a server that does not answer, Refusal `service_unavailable`
 */
export async function snapshotOf({ url, authToken }: DatabaseAddress): Promise<Snapshot> {
  if (url.startsWith('file:')) return snapshotOfFile(url.slice('file:'.length))
  const client = serverClient(url, authToken)
  const told = (error: unknown) => Promise.reject(noAnswerOr(faultOf(error)))
  const reading = await client.transaction('read').catch(told)
  return {
    rows: async <Row>(sql: string, args: unknown[] = []) => {
      const { columns, rows } = await reading.execute(plain({ sql, args })).catch(told)
      return rows.map((row) => Object.fromEntries(columns.map((name, column) => [name, row[column]]))) as Row[]
    },
    async close() {
      reading.close()
      client.close()
    },
  }
}

const noAnswerOr = (fault: DatabaseFault) =>
  fault.isUnreachable
    ? new Refusal('service_unavailable', 'The database server that is read does not answer', { retryAfterSeconds: 1 })
    : fault

function snapshotOfFile(path: string): Snapshot {
  const lease = lock(path)
  try {
    const connection = connect(path, 'read')
    return {
      rows: async <Row>(sql: string, args: unknown[] = []) => connection.rows(plain({ sql, args })) as Row[],
      async close() {
        connection.close()
        lease.release()
      },
    }
  } catch (error) {
    lease.release()
    throw unusable(path, error)
  }
}
