import { DAY_MS, type Instant } from '@channelling/contract'
import type { Database } from '@channelling/schema'

/** How long it is kept what came of a delivery. */
export const LOG_MS_MAX = 30 * DAY_MS
/** And of how many of one webhook that arrived. */
export const ARRIVED_OF_ONE_MAX = 100_000
/** A write holds the others up, so it is a small one. */
const BATCH = 500

/** Deletes one batch of what is no longer kept. Resolves to whether there may be more. */
export async function sweep(database: Database, now: Instant, arrivedMax = ARRIVED_OF_ONE_MAX): Promise<boolean> {
  const written = await database.write([
    {
      sql: `DELETE FROM webhook_delivery WHERE id IN (
        SELECT id FROM webhook_delivery WHERE status <> 'waiting' AND created_at < ? LIMIT ?)`,
      args: [now - LOG_MS_MAX, BATCH],
    },
    {
      sql: `DELETE FROM webhook_delivery WHERE id IN (
        SELECT d.id FROM webhook w JOIN webhook_delivery d ON d.webhook_id = w.id WHERE w.deleted_at IS NOT NULL LIMIT ?)`,
      args: [BATCH],
    },
    {
      sql: `WITH least AS MATERIALIZED (
          SELECT w.id AS webhook_id, (SELECT d.id FROM webhook_delivery d WHERE d.webhook_id = w.id AND d.status = 'delivered'
            ORDER BY d.id DESC LIMIT 1 OFFSET ?) AS id FROM webhook w)
        DELETE FROM webhook_delivery WHERE id IN (
          SELECT d.id FROM least JOIN webhook_delivery d
            ON d.webhook_id = least.webhook_id AND d.status = 'delivered' AND d.id <= least.id LIMIT ?)`,
      args: [arrivedMax, BATCH],
    },
    {
      sql: `DELETE FROM webhook WHERE deleted_at IS NOT NULL
        AND NOT EXISTS (SELECT 1 FROM webhook_delivery d WHERE d.webhook_id = webhook.id)`,
      args: [],
    },
  ])
  return written.some(({ changes }) => changes > 0)
}
