import type { Instant } from '@channelling/contract'
import type { Statement } from '@channelling/schema'
import type { Answer } from '../receivers'
import { type Consequence, FAILING_MS_MAX } from '../rules/retry'
import { firstOnesDue, only } from './deliveries'
import type { DueDelivery } from './work'

/** What an attempt came to, and what follows from it; null where it arrived. */
export interface Outcome {
  delivery: DueDelivery
  /** The address that was tried. */
  url: string
  answer: Answer
  consequence: Consequence | null
  at: Instant
}

export const saveOutcome = (outcome: Outcome): Statement[] => {
  const { delivery, url, at, consequence } = outcome
  const { webhookId } = delivery
  if (consequence === null) {
    return [
      done(outcome, 'delivered'),
      firstOnesDue(only(webhookId), at),
      {
        sql: 'UPDATE webhook SET failing_since = NULL WHERE id = ? AND failing_since IS NOT NULL',
        args: [webhookId],
      },
    ]
  }
  return [
    ...(consequence.kind === 'give_up'
      ? [done(outcome, 'failed'), firstOnesDue(only(webhookId), at)]
      : [tried(outcome)]),
    { sql: 'UPDATE webhook SET failing_since = ? WHERE id = ? AND failing_since IS NULL', args: [at, webhookId] },
    ...(consequence.kind === 'pause' ? pause({ webhookId, url }, consequence.reason, at) : []),
  ]
}

const done = ({ delivery, answer, at }: Outcome, status: 'delivered' | 'failed'): Statement => ({
  sql: `UPDATE webhook_delivery SET status = ?, message = NULL, next_at = NULL, attempts = attempts + 1, last_at = ?, http_status = ?,
      failure = ?, duration_ms = ? WHERE id = ? AND status = 'waiting'`,
  args: [status, at, answer.httpStatus, answer.failure, answer.durationMs, delivery.id],
})

const tried = ({ delivery, answer, consequence, at }: Outcome): Statement => ({
  sql: `UPDATE webhook_delivery SET next_at = ?, attempts = attempts + 1, failures = failures + 1,
      failing_since = coalesce(failing_since, ?), last_at = ?, http_status = ?, failure = ?, duration_ms = ?
      WHERE id = ? AND status = 'waiting'`,
  args: [
    consequence && 'at' in consequence ? consequence.at : at,
    at,
    at,
    answer.httpStatus,
    answer.failure,
    answer.durationMs,
    delivery.id,
  ],
})

/** Pauses a webhook, and tells the other webhooks of its client. */
function pause(
  { webhookId, url }: { webhookId: number; url: string },
  reason: 'gone' | 'failing',
  at: Instant,
): Statement[] {
  const others =
    'SELECT o.id FROM webhook o JOIN webhook w ON w.client_id = o.client_id WHERE w.id = ? AND o.id <> w.id'
  // something may have arrived since it was decided, and an address that is gone may not be the webhook's any more
  const due = "paused_at IS NULL AND iif(? = 'gone', url = ?, failing_since <= ?)"
  const dueArgs = [reason, url, at - FAILING_MS_MAX]
  return [
    {
      sql: `INSERT INTO webhook_delivery (webhook_id, message_id, type, session_id, message, status, created_at)
        SELECT id, ?, 'webhook.paused', 0, ?, 'waiting', ? FROM webhook
        WHERE id IN (${others}) AND deleted_at IS NULL AND paused_at IS NULL
        AND EXISTS (SELECT 1 FROM webhook WHERE id = ? AND ${due})`,
      args: [
        `webhook:${webhookId}:paused:${at}`,
        JSON.stringify({ type: 'webhook.paused', webhookId, reason }),
        at,
        webhookId,
        webhookId,
        ...dueArgs,
      ],
    },
    {
      sql: `UPDATE webhook SET paused_at = ?, pause_reason = ? WHERE id = ? AND ${due}`,
      args: [at, reason, webhookId, ...dueArgs],
    },
    firstOnesDue({ sql: others, args: [webhookId] }, at),
  ]
}
