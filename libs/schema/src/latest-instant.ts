import type { Instant } from '@channelling/contract'
import type { Database } from './database'

/**
 * The latest instant at which a booking was decided, over restarts: from there on time goes on in every process, so that all of them
 * judge holds, sessions and tickets alike when the machine’s clock was set back.
 */
export async function latestInstant(database: Pick<Database, 'read'>): Promise<Instant> {
  const [row] = await database.read<{ latest: Instant }>('SELECT latest FROM booking_clock')
  return row!.latest
}
