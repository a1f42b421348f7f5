import type { EventPayload, EventType, OutboxEvent } from '@channelling/contract'
import type { Database } from '@channelling/schema'

type Row = Omit<OutboxEvent, 'type' | 'payload'> & { type: string; payload: string }

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
  const rows = await database.read<Row>(
    `SELECT seq, type, session_id AS sessionId, booking_id AS bookingId, client_id AS clientId, payload, at
      FROM event WHERE seq > ? ORDER BY seq LIMIT ?`,
    [seq, limit],
  )
  return rows.map((row) => ({
    ...row,
    type: row.type as EventType,
    payload: JSON.parse(row.payload) as EventPayload,
  }))
}
