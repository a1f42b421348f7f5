import type { Instant } from '@channelling/contract'
import type { Database } from '@channelling/schema'

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
