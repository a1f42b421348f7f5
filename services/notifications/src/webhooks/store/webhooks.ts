import { type Caller, type Instant, type Paging, Refusal } from '@channelling/contract'
import { type Database, type JsonRow, jsonRow, rowsOfJson } from '@channelling/schema'
import type { Wanted } from '../../rules/wanted'

/** Why a webhook is paused: its client asked for it, the receiver said it is gone, or nothing but failures came of it. */
export const pauseReasons = ['asked', 'gone', 'failing'] as const
export type PauseReason = (typeof pauseReasons)[number]

export interface WebhookRecord extends Wanted {
  id: number
  clientId: number
  url: string
  description: string | null
  epoch: string
  cursor: number
  createdAt: Instant
  pausedAt: Instant | null
  pauseReason: PauseReason | null
  failingSince: Instant | null
  /** Until when messages are signed with the secret of before, too. */
  previousUntil: Instant | null
  /** Deliveries that are yet to arrive. */
  waiting: number
}

/** What a client says of a webhook. */
export type WebhookGiven = Wanted & Pick<WebhookRecord, 'url' | 'description'>

const WEBHOOKS_OF_CLIENT_MAX = 20

const record = jsonRow({
  id: 'id',
  clientId: 'client_id',
  url: 'url',
  description: 'description',
  sessionIds: 'json(session_ids)',
  consultantIds: 'json(consultant_ids)',
  types: 'json(types)',
  epoch: 'epoch',
  cursor: 'cursor',
  createdAt: 'created_at',
  pausedAt: 'paused_at',
  pauseReason: 'pause_reason',
  failingSince: 'failing_since',
  previousUntil: 'previous_until',
  waiting: "(SELECT count(*) FROM webhook_delivery d WHERE d.webhook_id = webhook.id AND d.status = 'waiting')",
})

/** What a caller may see: its own, or with access `all` everybody's. */
export const visible = "deleted_at IS NULL AND (client_id = ? OR ? = 'all')"
export const to = ({ clientId, access }: Caller) => [clientId, access]

export const webhookNotFound = () => new Refusal('webhook_not_found', 'There is no such webhook')

export const listOrNull = (list: readonly unknown[] | null) => (list === null ? null : JSON.stringify(list))

/**
 * Registers a receiver; it is told of what happens from this moment on.
 * @throws Refusal `too_many_webhooks`
 */
export async function registerWebhook(
  database: Database,
  given: WebhookGiven,
  { clientId, secret, at }: { clientId: number; secret: string; at: Instant },
): Promise<WebhookRecord> {
  const { url, description, sessionIds, consultantIds, types } = given
  const [inserted] = await database.write([
    {
      sql: `INSERT INTO webhook (client_id, url, description, session_ids, consultant_ids, types, secret, created_at, epoch, cursor)
        SELECT ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, epoch, max(lowest_seq - 1, (SELECT coalesce(max(seq), 0) FROM event))
        FROM event_stream
        WHERE (SELECT count(*) FROM webhook WHERE client_id = ?1 AND deleted_at IS NULL) < ?9
        RETURNING id`,
      args: [
        clientId,
        url,
        description,
        listOrNull(sessionIds),
        listOrNull(consultantIds),
        listOrNull(types),
        secret,
        at,
        WEBHOOKS_OF_CLIENT_MAX,
      ],
    },
  ])
  const id = inserted?.rows[0]?.id as number | undefined
  if (id === undefined) {
    throw new Refusal('too_many_webhooks', `A client has at most ${WEBHOOKS_OF_CLIENT_MAX} webhooks; delete one`)
  }
  const [registered] = rowsOfJson<WebhookRecord>(
    await database.read<JsonRow>(`SELECT ${record} FROM webhook WHERE id = ?`, [id]),
  )
  return registered!
}

/** @throws Refusal `webhook_not_found`, also for one that the caller may not see */
export async function findWebhook(database: Database, id: number, caller: Caller): Promise<WebhookRecord> {
  const rows = await database.read<JsonRow>(`SELECT ${record} FROM webhook WHERE id = ? AND ${visible}`, [
    id,
    ...to(caller),
  ])
  const [found] = rowsOfJson<WebhookRecord>(rows)
  if (!found) throw webhookNotFound()
  return found
}

/** Oldest first. */
export async function listWebhooks(
  database: Database,
  caller: Caller,
  { page, size }: Paging,
): Promise<{ webhooks: WebhookRecord[]; total: number }> {
  const [webhooks, counted] = await database.readAll([
    {
      sql: `SELECT ${record} FROM webhook WHERE ${visible} ORDER BY id LIMIT ? OFFSET ?`,
      args: [...to(caller), size, page * size],
    },
    { sql: `SELECT count(*) AS total FROM webhook WHERE ${visible}`, args: to(caller) },
  ])
  return {
    webhooks: rowsOfJson(webhooks as unknown as JsonRow[]),
    total: counted?.[0]?.total as number,
  }
}

/** What a webhook signs with at a moment, the present one first. */
export async function secretsOf(database: Pick<Database, 'read'>, id: number, at: Instant): Promise<string[]> {
  const [row] = await database.read<{ secret: string; previous: string | null }>(
    'SELECT secret, iif(previous_until > ?, previous_secret, NULL) AS previous FROM webhook WHERE id = ?',
    [at, id],
  )
  return row ? [row.secret, ...(row.previous === null ? [] : [row.previous])] : []
}
