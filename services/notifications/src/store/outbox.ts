import type { Instant, OutboxEvent } from '@channelling/contract'
import { type Database, type JsonRow, jsonRow, rowsOfJson } from '@channelling/schema'
import type { StreamState } from '../rules/position'

/** An event with what says who is to hear of it. */
export interface StreamEvent extends OutboxEvent {
  /** Of its session. */
  consultantId: number | null
  /** Of the session that a moved booking left. */
  fromConsultantId: number | null
  /** The client whose booking it is; who did it is `clientId`. */
  ownerId: number | null
}

const eventRow = jsonRow({
  seq: 'seq',
  type: 'type',
  sessionId: 'session_id',
  bookingId: 'booking_id',
  clientId: 'client_id',
  payload: 'json(payload)',
  at: 'at',
  consultantId: '(SELECT s.consultant_id FROM session s WHERE s.id = event.session_id)',
  fromConsultantId: `CASE type WHEN 'booking.rescheduled'
    THEN (SELECT s.consultant_id FROM session s WHERE s.id = event.payload ->> 'fromSessionId') END`,
  ownerId: '(SELECT b.client_id FROM booking b WHERE b.id = event.booking_id)',
})

const eventsSql = `SELECT ${eventRow} FROM event WHERE seq > ? AND seq <= ? ORDER BY seq LIMIT ?`

/** Reads a `StreamState`. */
export const stateSql = `SELECT epoch, lowest_seq AS lowest,
    max(lowest_seq - 1, (SELECT coalesce(max(seq), 0) FROM event)) AS last
  FROM event_stream WHERE one = 1`

/** Where the stream stands. */
export async function streamState(database: Pick<Database, 'read'>): Promise<StreamState> {
  const [state] = await database.read<StreamState>(stateSql)
  return state!
}

/** The highest `seq` committed so far, 0 when nothing has happened yet. */
export const lastSeq = async (database: Pick<Database, 'read'>): Promise<number> => (await streamState(database)).last

/** Which part of the stream is asked for. */
export interface Stretch {
  after: number
  /** The last `seq` of interest; the end of the stream unless given. */
  upTo?: number
  limit: number
}

/** The events of a stretch, in commit order. */
export async function eventsAfter(
  database: Pick<Database, 'read'>,
  { after, upTo = Number.MAX_SAFE_INTEGER, limit }: Stretch,
): Promise<StreamEvent[]> {
  return rowsOfJson(await database.read<JsonRow>(eventsSql, [after, upTo, limit]))
}

/** A stretch of the stream, and where the stream stood at that very moment. */
export async function readStretch(
  database: Pick<Database, 'readAll'>,
  { after, upTo = Number.MAX_SAFE_INTEGER, limit }: Stretch,
): Promise<StreamState & { events: StreamEvent[] }> {
  const [states, rows] = await database.readAll([
    { sql: stateSql, args: [] },
    { sql: eventsSql, args: [after, upTo, limit] },
  ])
  const [state] = states as unknown as StreamState[]
  return { ...state!, events: rowsOfJson(rows as unknown as JsonRow[]) }
}

/** The next so many events after `seq`: where they end, and how far from the first of them on all happened before an instant. */
export async function stretchBefore(
  database: Pick<Database, 'read'>,
  { after, limit, before }: { after: number; limit: number; before: Instant },
): Promise<{ upTo: number; whole: boolean }> {
  const [row] = await database.read<{ last: number | null; young: number | null }>(
    `SELECT max(seq) AS last, min(CASE WHEN at >= ? THEN seq END) AS young
      FROM (SELECT seq, at FROM event WHERE seq > ? ORDER BY seq LIMIT ?)`,
    [before, after, limit],
  )
  const { last, young } = row!
  return { upTo: young === null ? (last ?? after) : young - 1, whole: last !== null && young === null }
}
