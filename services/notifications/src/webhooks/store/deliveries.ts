import { type Instant, type Paging, Refusal } from '@channelling/contract'
import type { Database, Statement } from '@channelling/schema'
import type { Failure } from '../post'

export const deliveryStatuses = ['waiting', 'delivered', 'failed'] as const
export type DeliveryStatus = (typeof deliveryStatuses)[number]

/** One message to one receiver, and what came of it. */
export interface DeliveryRecord {
  id: number
  messageId: string
  seq: number | null
  type: string
  /** 0 for what concerns the webhook itself. */
  sessionId: number
  status: DeliveryStatus
  attempts: number
  createdAt: Instant
  nextAt: Instant | null
  lastAt: Instant | null
  httpStatus: number | null
  failure: Failure | null
  durationMs: number | null
}

const columns = `id, message_id AS messageId, seq, type, session_id AS sessionId, status, attempts, created_at AS createdAt,
  next_at AS nextAt, last_at AS lastAt, http_status AS httpStatus, failure, duration_ms AS durationMs`

/** Newest first. */
export async function listDeliveries(
  database: Database,
  webhookId: number,
  { status, page, size }: Paging & { status?: DeliveryStatus },
): Promise<{ deliveries: DeliveryRecord[]; total: number }> {
  const among = status ? [status] : deliveryStatuses
  // the newest of each status are found by the index, so that a long log is not sorted
  const newest = among.map(
    () =>
      'SELECT id FROM (SELECT id FROM webhook_delivery WHERE webhook_id = ? AND status = ? ORDER BY id DESC LIMIT ?)',
  )
  const [deliveries, counted] = await database.readAll([
    {
      sql: `SELECT ${columns} FROM webhook_delivery WHERE id IN (${newest.join(' UNION ALL ')})
        ORDER BY id DESC LIMIT ? OFFSET ?`,
      args: [...among.flatMap((one) => [webhookId, one, (page + 1) * size]), size, page * size],
    },
    {
      sql: `SELECT count(*) AS total FROM webhook_delivery WHERE webhook_id = ? AND status IN (SELECT value FROM json_each(?))`,
      args: [webhookId, JSON.stringify(among)],
    },
  ])
  return { deliveries: deliveries as unknown as DeliveryRecord[], total: counted?.[0]?.total as number }
}

/** @throws Refusal `delivery_not_found` */
export async function findDelivery(database: Database, webhookId: number, id: number): Promise<DeliveryRecord> {
  const [found] = await database.read<DeliveryRecord>(
    `SELECT ${columns} FROM webhook_delivery WHERE id = ? AND webhook_id = ?`,
    [id, webhookId],
  )
  if (!found) throw new Refusal('delivery_not_found', 'There is no such delivery of this webhook')
  return found
}

/**
 * Makes the first of those that wait, in each session of the webhooks, due. It ends every write after which another one may be the first.
 * @param webhooks a SELECT of their ids
 */
export const firstOnesDue = (webhooks: { sql: string; args: unknown[] }, at: Instant): Statement => ({
  sql: `UPDATE webhook_delivery SET next_at = ? WHERE next_at IS NULL AND status = 'waiting' AND id IN (
      SELECT min(id) FROM webhook_delivery WHERE status = 'waiting' AND webhook_id IN (${webhooks.sql})
      GROUP BY webhook_id, session_id)`,
  args: [at, ...webhooks.args],
})

export const only = (webhookId: number) => ({ sql: 'SELECT ?', args: [webhookId] })

/** Sends one that is done once more, before those of its session that wait. One that waits is tried at once. */
export async function deliverAgain(
  database: Database,
  { id }: DeliveryRecord,
  message: string | null,
  at: Instant,
): Promise<void> {
  await database.write([
    {
      sql: `UPDATE webhook_delivery SET status = 'waiting', message = ?, failures = 0, failing_since = NULL, next_at = ?
        WHERE id = ? AND status <> 'waiting' AND ? IS NOT NULL`,
      args: [message, at, id, message],
    },
    {
      sql: "UPDATE webhook_delivery SET next_at = min(next_at, ?) WHERE id = ? AND status = 'waiting' AND next_at IS NOT NULL",
      args: [at, id],
    },
  ])
}

/**
 * Makes every event from `seq` on a delivery once more, those that were delivered and those that wait alike, in order.
 */
export async function deliverFrom(database: Database, webhookId: number, epoch: string, seq: number): Promise<void> {
  await database.write([
    {
      sql: `DELETE FROM webhook_delivery WHERE webhook_id = ?1 AND status = 'waiting' AND seq >= ?2
        AND EXISTS (SELECT 1 FROM webhook WHERE id = ?1 AND epoch = ?3)`,
      args: [webhookId, seq, epoch],
    },
    {
      sql: 'UPDATE webhook SET cursor = min(cursor, ?), replays = replays + 1 WHERE id = ? AND epoch = ?',
      args: [seq - 1, webhookId, epoch],
    },
  ])
}

/** Writes down what came of a test, which is sent outside of any order. */
export async function noteTest(
  database: Database,
  webhookId: number,
  of: Pick<DeliveryRecord, 'messageId' | 'httpStatus' | 'failure' | 'durationMs'> & { at: Instant },
): Promise<void> {
  const { messageId, httpStatus, failure, durationMs, at } = of
  await database.write([
    {
      sql: `INSERT INTO webhook_delivery (webhook_id, message_id, type, session_id, status, attempts, created_at, last_at,
          http_status, failure, duration_ms) VALUES (?, ?, 'webhook.test', 0, ?, 1, ?, ?, ?, ?, ?)`,
      args: [webhookId, messageId, failure === null ? 'delivered' : 'failed', at, at, httpStatus, failure, durationMs],
    },
  ])
}
