import type { PlainStatement } from '../statements/statement'
import type { Result, ServerClient } from './server'

/** How far a database server has come: how many writes it has done, of which database. What is copied or restored is another. */
export interface Mark {
  databaseId: string
  count: number
}

/**
 * A table of the server's own, which copies and backups leave out: its name says so. Servers of earlier versions have it without the id, and
 * of several processes that find it so one adds it: the others are undone as a whole, and find it there when they try again.
 */
const CREATE: PlainStatement[] = [
  {
    sql: 'CREATE TABLE IF NOT EXISTS _written (one INTEGER PRIMARY KEY CHECK (one = 1), count INTEGER NOT NULL) STRICT',
    args: [],
  },
  { sql: 'INSERT INTO _written (one, count) VALUES (1, 0) ON CONFLICT DO NOTHING', args: [] },
  { sql: 'ALTER TABLE _written ADD COLUMN database_id TEXT', args: [] },
  { sql: 'UPDATE _written SET database_id = lower(hex(randomblob(16)))', args: [] },
]

const COUNT: PlainStatement = { sql: 'UPDATE _written SET count = count + 1 WHERE one = 1', args: [] }

/** Reads the mark. */
export const readMark: PlainStatement = { sql: 'SELECT database_id, count FROM _written', args: [] }

/** What `readMark` gave; undefined where there is none yet. */
export const markOf = ({ rows: [row] }: Result): Mark | undefined =>
  row && { databaseId: String(row[0]), count: Number(row[1]) }

/** Makes sure that a server counts its writes, and has an id. */
export async function beginToCount(client: Pick<ServerClient, 'execute' | 'batch'>): Promise<void> {
  const there = await client.execute({
    sql: "SELECT 1 FROM pragma_table_info('_written') WHERE name = 'database_id'",
    args: [],
  })
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
