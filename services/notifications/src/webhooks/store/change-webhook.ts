import type { Caller, Instant } from '@channelling/contract'
import type { Database, Statement } from '@channelling/schema'
import {
  findWebhook,
  listOrNull,
  to,
  visible,
  type WebhookGiven,
  type WebhookRecord,
  webhookNotFound,
} from './webhooks'

/** Does something to a webhook that the caller may see, and tells what it is now. */
async function changed(
  database: Database,
  id: number,
  caller: Caller,
  sets: string,
  args: unknown[],
  more: Statement[] = [],
): Promise<WebhookRecord> {
  const [updated] = await database.write([
    { sql: `UPDATE webhook SET ${sets} WHERE id = ? AND ${visible} RETURNING id`, args: [...args, id, ...to(caller)] },
    ...more,
  ])
  if (updated?.rows.length === 0) throw webhookNotFound()
  return findWebhook(database, id, caller)
}

/**
 * Changes what is given and leaves the rest.
 * @throws Refusal `webhook_not_found`
 */
export function changeWebhook(
  database: Database,
  id: number,
  caller: Caller,
  { url, description, sessionIds, consultantIds, types }: Partial<WebhookGiven>,
): Promise<WebhookRecord> {
  const lists = [sessionIds, consultantIds, types].flatMap((list) => [
    list === undefined ? 0 : 1,
    list === undefined ? null : listOrNull(list),
  ])
  return changed(
    database,
    id,
    caller,
    `url = coalesce(?, url), description = iif(?, ?, description), session_ids = iif(?, ?, session_ids),
      consultant_ids = iif(?, ?, consultant_ids), types = iif(?, ?, types)`,
    [url ?? null, description === undefined ? 0 : 1, description ?? null, ...lists],
  )
}

/**
 * Sends it nothing until it is resumed. Pausing a paused one changes nothing.
 * @throws Refusal `webhook_not_found`
 */
export const pauseWebhook = (database: Database, id: number, caller: Caller, at: Instant) =>
  changed(database, id, caller, "pause_reason = coalesce(pause_reason, 'asked'), paused_at = coalesce(paused_at, ?)", [
    at,
  ])

/**
 * Goes on where it was, and tries what waits at once, with the schedule of retries from its beginning.
 * @throws Refusal `webhook_not_found`
 */
export const resumeWebhook = (database: Database, id: number, caller: Caller, at: Instant) =>
  changed(
    database,
    id,
    caller,
    'paused_at = NULL, pause_reason = NULL, failing_since = NULL',
    [],
    [
      {
        sql: `UPDATE webhook_delivery SET failures = 0, failing_since = NULL, next_at = min(next_at, ?)
          WHERE webhook_id = ? AND status = 'waiting'
          AND webhook_id IN (SELECT id FROM webhook WHERE ${visible})`,
        args: [at, id, ...to(caller)],
      },
    ],
  )

/**
 * Signs with another secret from now on, and until then with the one of before as well.
 * @throws Refusal `webhook_not_found`
 */
export const rotateSecret = (
  database: Database,
  id: number,
  caller: Caller,
  { secret, until }: { secret: string; until: Instant },
) => changed(database, id, caller, 'previous_secret = secret, previous_until = ?, secret = ?', [until, secret])

/**
 * It is gone from this moment on; what is kept of it is swept out later.
 * @throws Refusal `webhook_not_found`
 */
export async function deleteWebhook(
  database: Database,
  id: number,
  caller: Caller,
  at: Instant,
): Promise<WebhookRecord> {
  const found = await findWebhook(database, id, caller)
  const [updated] = await database.write([
    {
      sql: `UPDATE webhook SET deleted_at = ? WHERE id = ? AND ${visible}`,
      args: [at, id, ...to(caller)],
    },
  ])
  if (updated?.changes === 0) throw webhookNotFound()
  return found
}
