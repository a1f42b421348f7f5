import type { Day, Instant, Paging } from '@channelling/contract'
import type { Database } from '@channelling/schema'

/** What a key was used for on one day. */
export interface Use {
  keyId: number
  day: Day
  requests: number
  lastAt: Instant
}

/** How many requests a key made on a day. */
export interface DayUsage {
  day: Day
  requests: number
}

/** Adds what was counted, and notes when the keys were last used, in one write. A later use that another process noted stays. */
export async function saveUses(database: Database, uses: readonly Use[]): Promise<void> {
  const rows = JSON.stringify(uses)
  await database.write([
    {
      sql: `UPDATE api_key SET last_used_at = max(coalesce(last_used_at, 0), used.at)
        FROM (SELECT value ->> 'keyId' AS id, max(value ->> 'lastAt') AS at FROM json_each(?) GROUP BY id) AS used
        WHERE api_key.id = used.id`,
      args: [rows],
    },
    {
      sql: `INSERT INTO key_usage (key_id, day, requests)
        SELECT value ->> 'keyId', value ->> 'day', value ->> 'requests' FROM json_each(?) WHERE true
        ON CONFLICT (key_id, day) DO UPDATE SET requests = requests + excluded.requests`,
      args: [rows],
    },
  ])
}

/** The days on which a key was used, from one to another, both included, latest first. */
export async function listUsage(
  database: Database,
  { keyId, from, to, page, size }: { keyId: number; from: Day; to: Day } & Paging,
): Promise<{ days: DayUsage[]; total: number }> {
  const [days, counted] = await database.readAll([
    {
      sql: `SELECT day, requests FROM key_usage WHERE key_id = ? AND day BETWEEN ? AND ?
        ORDER BY day DESC LIMIT ? OFFSET ?`,
      args: [keyId, from, to, size, page * size],
    },
    {
      sql: 'SELECT count(*) AS total FROM key_usage WHERE key_id = ? AND day BETWEEN ? AND ?',
      args: [keyId, from, to],
    },
  ])
  return { days: days as unknown as DayUsage[], total: counted?.[0]?.total as number }
}
