import type { PlainStatement } from '../statements/statement'
import type { Result, ServerClient } from './server'

/** How far a database server has come: how many writes it has done, of which stream. What is restored is another stream. */
export interface Mark {
  epoch: string
  count: number
}

/** A table of the server's own, which copies and backups leave out: its name says so. */
const CREATE: PlainStatement[] = [
  {
    sql: 'CREATE TABLE IF NOT EXISTS _written (one INTEGER PRIMARY KEY CHECK (one = 1), count INTEGER NOT NULL) STRICT',
    args: [],
  },
  { sql: 'INSERT INTO _written (one, count) VALUES (1, 0) ON CONFLICT DO NOTHING', args: [] },
]

const COUNT: PlainStatement = { sql: 'UPDATE _written SET count = count + 1 WHERE one = 1', args: [] }

/** Reads the mark. */
export const readMark: PlainStatement = { sql: 'SELECT epoch, count FROM _written JOIN event_stream', args: [] }

/** What `readMark` gave; undefined where there is none yet. */
export const markOf = ({ rows: [row] }: Result): Mark | undefined =>
  row && { epoch: String(row[0]), count: Number(row[1]) }

export const hasReached = (mark: Mark | undefined, wanted: Mark): boolean =>
  mark !== undefined && mark.epoch === wanted.epoch && mark.count >= wanted.count

/** Makes sure that a server counts its writes. */
export async function beginToCount(client: Pick<ServerClient, 'execute' | 'batch'>): Promise<void> {
  const there = await client.execute({ sql: "SELECT 1 FROM sqlite_schema WHERE name = '_written'", args: [] })
  if (there.rows.length === 0) await client.batch(CREATE, 'write')
}

/** A client whose every write is counted, in its own transaction: whoever reads the count knows which writes a reading holds. */
export const counting = (client: ServerClient): ServerClient => ({
  execute: (statement) => client.execute(statement),
  async batch(statements, mode) {
    if (mode === 'read') return client.batch(statements, mode)
    return (await client.batch([...statements, COUNT], mode)).slice(0, statements.length)
  },
  close: () => client.close(),
})

/**
 * Reads how far the database has come, once for everybody who asked before the reading began: what is under way when somebody asks may have
 * missed what was written just before, so that one waits for the next.
 */
export function createAsOfNow(read: () => Promise<Mark>): () => Promise<Mark> {
  let underWay: Promise<unknown> = Promise.resolve()
  let next: Promise<Mark> | null = null
  return () => {
    next ??= underWay.then(() => {
      const reading = read()
      next = null
      underWay = reading.catch(() => undefined)
      return reading
    })
    return next
  }
}
