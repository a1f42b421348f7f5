import type { OutboxEvent } from '@channelling/contract'
import { type Database, type JsonRow, jsonRow, rowsOfJson } from '@channelling/schema'

const eventRow = jsonRow({
  seq: 'seq',
  type: 'type',
  sessionId: 'session_id',
  bookingId: 'booking_id',
  clientId: 'client_id',
  payload: 'json(payload)',
  at: 'at',
})

/** The highest `seq` committed so far, 0 when nothing has happened yet. */
export async function lastSeq(database: Pick<Database, 'read'>): Promise<number> {
  const [row] = await database.read<{ last: number }>('SELECT coalesce(max(seq), 0) AS last FROM event')
  return row!.last
}

/** At most `limit` events after `seq`, in commit order. */
export async function eventsAfter(
  database: Pick<Database, 'read'>,
  seq: number,
  limit: number,
): Promise<OutboxEvent[]> {
  const rows = await database.read<JsonRow>(`SELECT ${eventRow} FROM event WHERE seq > ? ORDER BY seq LIMIT ?`, [
    seq,
    limit,
  ])
  return rowsOfJson<OutboxEvent>(rows)
}
