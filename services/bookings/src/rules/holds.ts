import { Refusal } from '@channelling/contract'
import type { Booking } from './booking'

/** Live holds, so many as a group of commands asks about: whose they are, and in which sessions. */
export interface LiveHolds {
  byId: Map<number, { clientId: number; sessionId: number }>
  ofClient: Map<number, number>
  /** `holderKey` */
  inSession: Map<string, number>
}

export const noHolds = (): LiveHolds => ({ byId: new Map(), ofClient: new Map(), inSession: new Map() })

const holderKey = (clientId: number, sessionId: number) => `${clientId} ${sessionId}`

/** Counts a booking as it now stands, in place of how it stood; said twice it counts once. */
export function countHold(
  holds: LiveHolds,
  { id, clientId, sessionId, status }: Pick<Booking, 'id' | 'clientId' | 'sessionId' | 'status'>,
): void {
  const before = holds.byId.get(id)
  if (before) {
    holds.byId.delete(id)
    add(holds, before, -1)
  }
  if (status !== 'PENDING') return
  const hold = { clientId, sessionId }
  holds.byId.set(id, hold)
  add(holds, hold, 1)
}

function add(
  { ofClient, inSession }: LiveHolds,
  { clientId, sessionId }: { clientId: number; sessionId: number },
  change: number,
): void {
  const key = holderKey(clientId, sessionId)
  ofClient.set(clientId, (ofClient.get(clientId) ?? 0) + change)
  inSession.set(key, (inSession.get(key) ?? 0) + change)
}

/** How many places of a session one client may hold at a time: half of them, and one where there is only one. */
export const shareOf = (capacity: number): number =>
  capacity === 0 ? Number.POSITIVE_INFINITY : Math.max(1, Math.floor(capacity / 2))

/**
 * A client may hold so many places at a time.
 * @param perClient 0: any number
 * @throws Refusal `too_many_holds`
 */
export function requireHoldLeft(holds: LiveHolds, clientId: number, perClient: number): void {
  if (perClient > 0 && (holds.ofClient.get(clientId) ?? 0) >= perClient) {
    throw new Refusal('too_many_holds', 'This client holds as many places as it may')
  }
}

/**
 * A client holds no more than its share of a session, so that none, the hospital's own with a fault neither, can keep everybody else out of it.
 * @throws Refusal `too_many_holds`
 */
export function requireShareLeft(
  holds: LiveHolds,
  clientId: number,
  session: { id: number; seats: { capacity: number } },
): void {
  const held = holds.inSession.get(holderKey(clientId, session.id)) ?? 0
  if (held >= shareOf(session.seats.capacity)) {
    throw new Refusal('too_many_holds', `This client holds as many places of session ${session.id} as it may`)
  }
}
