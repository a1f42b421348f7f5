import type { Instant } from '@channelling/contract'
import type { Database } from '@channelling/schema'
import type { StreamState } from '../../rules/position'

/** Machines agree on the time to within a second, so events stand in the order of their times only about so. */
const DISORDER_MS = 2000

/** A `seq` from which on nothing that happened since a moment is missed, though a little may be from before. */
export async function seqSince(
  database: Pick<Database, 'read'>,
  { lowest, last }: StreamState,
  since: Instant,
): Promise<number> {
  let low = lowest
  let high = last + 1
  while (low < high) {
    const middle = Math.floor((low + high) / 2)
    const [found] = await database.read<{ seq: number; at: number }>(
      'SELECT seq, at FROM event WHERE seq >= ? ORDER BY seq LIMIT 1',
      [middle],
    )
    if (found && found.at < since - DISORDER_MS) low = found.seq + 1
    else high = middle
  }
  return low
}
