import type { NewEvent } from '@channelling/contract'
import type { Booking } from './booking'
import { countHold, type LiveHolds } from './holds'
import { keepsNumber } from './lifecycle'
import type { Session } from './session'

export interface Patient {
  id: number
  name: string
  foreigner: boolean
}

/** A booking with what its answer shows of its session and patient. */
export interface BookedPlace {
  booking: Booking
  session: Session
  patientName: string
  /** By how much a move changed the fee, in cents. */
  feeDifference?: number
}

export interface StoredAnswer {
  clientId: number
  key: string
  fingerprint: string
  /** JSON of an `Outcome`. */
  outcome: string
}

/** One of a client's own numbers, or Idempotency-Keys, as a map key. */
export const ofClient = (clientId: number, key: string) => `${clientId} ${key}`

/** A number of a session, as a map key. */
export const placeKey = (sessionId: number, number: number) => `${sessionId} ${number}`

/**
 * What a group of commands touches, as the database had it and as the commands change it. Later commands of the group see what
 * earlier ones did.
 */
export interface World {
  sessions: Map<number, Session>
  bookings: Map<number, Booking>
  patients: Map<number, Patient>
  /** References in use, `ofClient`. */
  references: Set<string>
  /** Reserved numbers asked for that a living booking has: `placeKey` to the booking's id. */
  numbersTaken: Map<string, number>
  /** Live holds of the clients that hold or move places. */
  holds: LiveHolds
  /** Answers given before, `ofClient`. */
  answers: Map<string, StoredAnswer>
  /** The id of the next new booking; as many as the group can make are set aside. */
  nextId: number
  changes: Changes
}

export interface Changes {
  /** Sessions whose places changed, with the version they were read at. */
  seats: Map<number, number>
  created: Set<number>
  /** In the order of their last change, so that a number is free before it is given again. */
  updated: Set<number>
  events: NewEvent[]
  answers: StoredAnswer[]
}

export const noChanges = (): Changes => ({
  seats: new Map(),
  created: new Set(),
  updated: new Set(),
  events: [],
  answers: [],
})

export function putSession(world: World, session: Session): void {
  const before = world.sessions.get(session.id)
  if (before && !world.changes.seats.has(session.id)) world.changes.seats.set(session.id, before.seats.version)
  world.sessions.set(session.id, session)
}

/**
 * A new booking. Should its id be another's all the same, it must not be taken for a change to that one: the database refuses to make it,
 * and it is decided again.
 */
export function addBooking(world: World, booking: Booking): void {
  world.changes.created.add(booking.id)
  setBooking(world, booking)
}

/** A booking that is there, changed. */
export function putBooking(world: World, booking: Booking): void {
  if (!world.changes.created.has(booking.id)) {
    world.changes.updated.delete(booking.id)
    world.changes.updated.add(booking.id)
  }
  setBooking(world, booking)
}

function setBooking(world: World, booking: Booking): void {
  countHold(world.holds, booking)
  world.bookings.set(booking.id, booking)
}

/**
 * Lays what a group before changed over a reading that was made before it was saved. What the reading has of it already, or has
 * newer, stays: the version of a session's seats tells.
 */
export function layOver(world: World, before: World): void {
  const { changes } = before
  const unseen = new Set<number>()
  for (const [sessionId, readAt] of changes.seats) {
    const read = world.sessions.get(sessionId)
    if (read && read.seats.version > readAt) continue
    unseen.add(sessionId)
    const left = before.sessions.get(sessionId)!
    // the session itself and its capacity belong to others, who may have changed them since
    const session = read ?? left
    const seats = { ...left.seats, capacity: session.seats.capacity, version: readAt + 1 }
    world.sessions.set(sessionId, { ...session, seats })
  }
  for (const id of [...changes.updated, ...changes.created]) {
    const booking = before.bookings.get(id)!
    if (!unseen.has(booking.sessionId)) continue
    for (const [place, holder] of world.numbersTaken) if (holder === id) world.numbersTaken.delete(place)
    if (keepsNumber(booking)) world.numbersTaken.set(placeKey(booking.sessionId, booking.number), id)
    if (booking.reference !== null) world.references.add(ofClient(booking.clientId, booking.reference))
    countHold(world.holds, booking)
    // one that is not saved yet is not there yet
    if (changes.updated.has(id)) world.bookings.set(id, booking)
  }
  for (const answer of changes.answers) world.answers.set(ofClient(answer.clientId, answer.key), answer)
}
