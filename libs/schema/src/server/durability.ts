import type { Database } from '../database'

/** How much a connection brings to the disk before it answers: FULL is every write, and EXTRA above it. */
export const SYNCHRONOUS = 'PRAGMA synchronous'
export const SYNCHRONOUS_FULL = 2

/**
 * Whether a database brings each write to the disk before it answers, so that a power cut takes nothing that was acknowledged. A server has to be
 * told to; null where it does not say.
 */
export async function isDurable({ read }: Pick<Database, 'read'>): Promise<boolean | null> {
  const [row] = await read<{ synchronous: number }>(SYNCHRONOUS).catch(() => [])
  return row ? row.synchronous >= SYNCHRONOUS_FULL : null
}
