import type { Access, Instant } from '@channelling/contract'
import { type Database, type JsonRow, jsonRow, rowsOfJson, type Statement } from '@channelling/schema'
import type { StreamState } from '../../rules/position'
import type { Wanted } from '../../rules/wanted'
import { stateSql } from '../../store/outbox'
import { firstOnesDue, only } from './deliveries'

/** A webhook that is to be told. */
export interface ActiveWebhook extends Wanted {
  id: number
  clientId: number
  access: Access
  url: string
  epoch: string
  cursor: number
  replays: number
  failingSince: Instant | null
  waiting: number
}

const active = jsonRow({
  id: 'w.id',
  clientId: 'w.client_id',
  access: 'c.access',
  url: 'w.url',
  sessionIds: 'json(w.session_ids)',
  consultantIds: 'json(w.consultant_ids)',
  types: 'json(w.types)',
  epoch: 'w.epoch',
  cursor: 'w.cursor',
  replays: 'w.replays',
  failingSince: 'w.failing_since',
  waiting: "(SELECT count(*) FROM webhook_delivery d WHERE d.webhook_id = w.id AND d.status = 'waiting')",
})

/** What there is to be done, as it stood at one moment. */
export interface Work {
  /** Those that are not paused, of clients that are not disabled. */
  webhooks: ActiveWebhook[]
  /** Up to here they are told of what happened by what they ask for; of what came later they may ask for something else by then. */
  stream: StreamState
}

export async function readWork(database: Pick<Database, 'readAll'>): Promise<Work> {
  const [rows, states] = await database.readAll([
    {
      sql: `SELECT ${active} FROM webhook w JOIN client c ON c.id = w.client_id
        WHERE w.deleted_at IS NULL AND w.paused_at IS NULL AND c.disabled_at IS NULL ORDER BY w.id`,
      args: [],
    },
    { sql: stateSql, args: [] },
  ])
  const [stream] = states as unknown as StreamState[]
  return { webhooks: rowsOfJson(rows as unknown as JsonRow[]), stream: stream! }
}

/** What the client of a webhook may see at present. */
export async function accessOf(database: Pick<Database, 'read'>, clientId: number): Promise<Access> {
  const [found] = await database.read<{ access: Access }>('SELECT access FROM client WHERE id = ?', [clientId])
  return found!.access
}

/** A message that is to be delivered. */
export interface NewDelivery {
  messageId: string
  seq: number | null
  type: string
  sessionId: number
  /** JSON text. */
  message: string
}

/** Where a webhook stands in the stream. */
export interface Place {
  epoch: string
  cursor: number
}

/** Makes deliveries of what is between two places, unless somebody moved the webhook in the meantime, or asked it to go back. */
export const claim = (
  { id: webhookId, epoch, cursor, replays }: Pick<ActiveWebhook, 'id' | 'epoch' | 'cursor' | 'replays'>,
  to: Place,
  deliveries: readonly NewDelivery[],
  at: Instant,
): Statement[] => [
  {
    sql: `INSERT INTO webhook_delivery (webhook_id, message_id, seq, type, session_id, message, status, created_at)
      SELECT ?1, value ->> 'messageId', value ->> 'seq', value ->> 'type', value ->> 'sessionId', value ->> 'message', 'waiting', ?2
      FROM json_each(?3) WHERE EXISTS
        (SELECT 1 FROM webhook WHERE id = ?1 AND epoch = ?4 AND cursor = ?5 AND replays = ?6) ORDER BY key`,
    args: [webhookId, at, JSON.stringify(deliveries), epoch, cursor, replays],
  },
  {
    sql: 'UPDATE webhook SET epoch = ?, cursor = ? WHERE id = ? AND epoch = ? AND cursor = ? AND replays = ?',
    args: [to.epoch, to.cursor, webhookId, epoch, cursor, replays],
  },
  ...(deliveries.length > 0 ? [firstOnesDue(only(webhookId), at)] : []),
]

/** A delivery whose turn has come. */
export interface DueDelivery {
  id: number
  webhookId: number
  messageId: string
  type: string
  sessionId: number
  message: string
  failures: number
  failingSince: Instant | null
}

/**
 * The deliveries that are due, for each of the webhooks at most `each`, the longest due first. One that was paused since the webhooks were
 * read has none.
 */
export async function dueDeliveries(
  database: Pick<Database, 'read'>,
  webhookIds: readonly number[],
  at: Instant,
  each: number,
): Promise<DueDelivery[]> {
  return database.read<DueDelivery>(
    `SELECT id, webhook_id AS webhookId, message_id AS messageId, type, session_id AS sessionId, message, failures,
        failing_since AS failingSince
      FROM (
        SELECT *, row_number() OVER (PARTITION BY webhook_id ORDER BY next_at, id) AS place FROM webhook_delivery
        WHERE next_at <= ? AND webhook_id IN (SELECT w.id FROM json_each(?) j JOIN webhook w ON w.id = j.value WHERE w.paused_at IS NULL))
      WHERE place <= ? ORDER BY next_at, id`,
    [at, JSON.stringify(webhookIds), each],
  )
}
