import type { Instant } from '@channelling/contract'
import { type Database, type JsonRow, jsonRow, rowsOfJson } from '@channelling/schema'
import type { StreamedEvent } from './message'

const eventRow = jsonRow({
  seq: 'seq',
  type: 'type',
  sessionId: 'session_id',
  consultantId: '(SELECT consultant_id FROM session WHERE session.id = event.session_id)',
  bookingId: 'booking_id',
  clientId: 'client_id',
  payload: 'json(payload)',
  at: 'at',
})

/** At most `limit` events after `seq`, in commit order, and the epoch that they belong to. */
export async function epochAndEventsAfter(
  database: Pick<Database, 'readAll'>,
  seq: number,
  limit: number,
): Promise<{ epoch: string; events: StreamedEvent[] }> {
  const [stream, rows] = await database.readAll([
    { sql: 'SELECT epoch FROM event_stream', args: [] },
    { sql: `SELECT ${eventRow} FROM event WHERE seq > ? ORDER BY seq LIMIT ?`, args: [seq, limit] },
  ])
  return { epoch: stream![0]!.epoch as string, events: rowsOfJson<StreamedEvent>(rows as unknown as JsonRow[]) }
}

/** The `seq` of the first event that is not older than an instant; of the next one to come where all are. By halving: nothing sorts events by time. */
export async function firstSince(database: Pick<Database, 'read'>, at: Instant): Promise<number> {
  const [ends] = await database.read<{ lowest: number; next: number }>(
    'SELECT coalesce(min(seq), 1) AS lowest, coalesce(max(seq), 0) + 1 AS next FROM event',
  )
  let { lowest, next } = ends!
  while (lowest < next) {
    const middle = Math.floor((lowest + next) / 2)
    const [event] = await database.read<{ seq: number; at: Instant }>(
      'SELECT seq, at FROM event WHERE seq >= ? ORDER BY seq LIMIT 1',
      [middle],
    )
    if (!event || event.at >= at) next = middle
    else lowest = event.seq + 1
  }
  return next
}
