import { type Instant, MINUTE_MS } from '@channelling/contract'

/** The numbers of a session that are free to give. */
export interface FreeNumbers {
  /** The lowest never given yet. */
  neverGiven: number
  /** The lowest given back, or null. */
  lowestReleased: number | null
  /** The lowest whose hold ran out and was not yet given back, or null. */
  lowestRunOut: number | null
}

/** The number that the next booking gets: the lowest that is free. */
export const lowestFree = ({ neverGiven, lowestReleased, lowestRunOut }: FreeNumbers): number =>
  Math.min(neverGiven, lowestReleased ?? neverGiven, lowestRunOut ?? neverGiven)

/** When a number's turn comes, if everybody takes the time planned. */
export const turnOf = (
  number: number,
  session: { startsAt: Instant; startingNumber: number; minutesPerPatient: number },
): Instant => session.startsAt + Math.max(0, number - session.startingNumber) * session.minutesPerPatient * MINUTE_MS
