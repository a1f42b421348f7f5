import type { SessionState, SessionStatus } from '@channelling/contract'

export const isBookable = (status: SessionStatus) => status === 'Available'

/** Places left, or null where there is no limit. */
export const remainingPlaces = ({ capacity, taken }: Pick<SessionState, 'capacity' | 'taken'>) =>
  capacity === 0 ? null : Math.max(0, capacity - taken)
