import type { Access } from '@channelling/contract'

/**
 * Whether a subscriber is told which booking it is, and what became of it. Of another client's booking, one with access `own` learns that
 * a place of the session changed, and not whose.
 */
export const seesWhole = (
  { access, clientId }: { access: Access; clientId: number },
  { bookingId, ownerId }: { bookingId: number | null; ownerId: number | null },
): boolean => bookingId === null || access === 'all' || ownerId === clientId
