import {
  type EventPayload,
  type EventType,
  type Instant,
  invalidField,
  MINUTE_MS,
  Refusal,
} from '@channelling/contract'
import type { Booking } from './booking'
import type { BookingCommand, CancelBooking, CompleteBooking, RescheduleBooking, ReservePlace } from './command'
import { feeFor } from './fees'
import { requireHoldLeft, requireShareLeft } from './holds'
import {
  cancelBooking,
  completeBooking,
  expireBooking,
  holdRanOut,
  isOpen,
  isPaid,
  maySee,
  moveBooking,
  requireMovable,
} from './lifecycle'
import { releaseNumber, takeNumber, takeReserved } from './numbering'
import { requireBookable, type Session } from './session'
import { addBooking, type BookedPlace, ofClient, placeKey, putBooking, putSession, type World } from './world'

/** How the hospital holds places. */
export interface Terms {
  holdMinutes: number
  /** How many places one client may hold at a time; 0: any number. */
  holdsPerClient: number
}

/**
 * Decides one command in the world as the commands before it left it, and changes the world accordingly. A refused command
 * changes nothing.
 * @throws Refusal
 */
export function decide(world: World, command: BookingCommand, now: Instant, terms: Terms): BookedPlace {
  switch (command.kind) {
    case 'reserve':
      return reserve(world, command, now, terms)
    case 'cancel':
      return cancel(world, command, now)
    case 'reschedule':
      return reschedule(world, command, now)
    case 'complete':
      return complete(world, command, now)
  }
}

/** Gives back the places of holds that ran out; done before a group is decided, so that it sees them as free. */
export function expireHolds(world: World, now: Instant): void {
  for (const booking of [...world.bookings.values()]) {
    if (!holdRanOut(booking, now)) continue
    const expired = expireBooking(booking)
    leave(world, booking)
    putBooking(world, expired)
    record(world, 'booking.expired', expired, null, now, { fromStatus: 'PENDING', number: booking.number })
  }
}

/**
 * Gives up the open bookings of a cancelled session, as many as were read; the hospital did it. Its sweep goes on until none is
 * left.
 */
export function cancelOrphans(world: World, now: Instant): void {
  for (const booking of [...world.bookings.values()]) {
    const session = world.sessions.get(booking.sessionId)
    if (!session || session.cancelledAt === null || !isOpen(booking)) continue
    giveUp(world, booking, { clientId: null, actor: 'hospital', reason: session.statusReason }, now)
  }
}

function reserve(world: World, command: ReservePlace, now: Instant, terms: Terms): BookedPlace {
  const { caller, reference, hold } = command
  const patient = world.patients.get(command.patientId)
  if (!patient) throw new Refusal('patient_not_found', 'There is no such patient')
  const session = sessionOf(world, command.sessionId)
  if (reference !== null && world.references.has(ofClient(caller.clientId, reference))) {
    throw new Refusal('reference_used', 'This reference was used before')
  }
  requireBookable(session, now)
  if (hold) {
    requireHoldLeft(world.holds, caller.clientId, terms.holdsPerClient)
    requireShareLeft(world.holds, caller.clientId, session)
  }

  const foreigner = command.foreigner ?? patient.foreigner
  const fee = feeFor(session.fees, foreigner)
  const id = world.nextId
  const number =
    command.number === undefined ? enter(world, session) : enterReserved(world, session, command.number, id)
  world.nextId++
  const booking: Booking = {
    id,
    sessionId: session.id,
    number,
    status: hold ? 'PENDING' : 'ACTIVE',
    patientId: patient.id,
    clientId: caller.clientId,
    paymentMethod: command.paymentMethod,
    paymentReference: null,
    paid: !hold && isPaid(command.paymentMethod),
    foreigner,
    doctorFee: fee.doctor,
    hospitalFee: fee.hospital,
    currency: session.currency,
    reference,
    itemId: command.itemId,
    createdAt: now,
    expiresAt: hold ? now + terms.holdMinutes * MINUTE_MS : null,
    cancelledAt: null,
    cancelReason: null,
  }
  addBooking(world, booking)
  if (reference !== null) world.references.add(ofClient(caller.clientId, reference))
  record(world, hold ? 'booking.held' : 'booking.completed', booking, caller.clientId, now, { number })
  return place(world, booking)
}

function cancel(world: World, command: CancelBooking, now: Instant): BookedPlace {
  const { caller, actor, reason } = command
  const before = bookingOf(world, command)
  return place(world, giveUp(world, before, { clientId: caller.clientId, actor, reason }, now))
}

interface Wish extends Pick<CancelBooking, 'actor' | 'reason'> {
  clientId: number | null
}

function giveUp(world: World, before: Booking, { clientId, actor, reason }: Wish, now: Instant): Booking {
  const after = cancelBooking(before, actor, reason, now)
  leave(world, before)
  putBooking(world, after)
  record(world, 'booking.cancelled', after, clientId, now, {
    fromStatus: before.status,
    number: before.number,
    actor,
    ...(reason !== null && { reason }),
  })
  return after
}

function reschedule(world: World, command: RescheduleBooking, now: Instant): BookedPlace {
  const { caller, reason } = command
  const before = bookingOf(world, command)
  const target = sessionOf(world, command.sessionId)
  requireMovable(before, target.id, now)
  requireBookable(target, now)
  // what the hospital moves of others it moves for a reason of its own
  if (before.status === 'PENDING' && before.clientId === caller.clientId) {
    requireShareLeft(world.holds, caller.clientId, target)
  }
  const number = enter(world, target)
  leave(world, before)
  const fee = feeFor(target.fees, before.foreigner)
  const after = moveBooking(before, { sessionId: target.id, number, fee, currency: target.currency }, now)
  putBooking(world, after)
  record(world, 'booking.rescheduled', after, caller.clientId, now, {
    fromSessionId: before.sessionId,
    fromNumber: before.number,
    number,
    ...(reason !== null && { reason }),
  })
  const feeDifference = after.doctorFee + after.hospitalFee - before.doctorFee - before.hospitalFee
  return { ...place(world, after), feeDifference }
}

function complete(world: World, command: CompleteBooking, now: Instant): BookedPlace {
  const before = bookingOf(world, command)
  const payment = { method: command.paymentMethod, reference: command.paymentReference }
  const after = completeBooking(before, payment, now)
  touch(world, before.sessionId)
  putBooking(world, after)
  record(world, 'booking.completed', after, command.caller.clientId, now, {
    fromStatus: before.status,
    number: after.number,
  })
  return place(world, after)
}

function sessionOf(world: World, id: number): Session {
  const session = world.sessions.get(id)
  if (!session) throw new Refusal('session_not_found', 'There is no such session')
  return session
}

/** The booking, if it exists for this caller: one that may not be seen answers exactly like one that does not exist. */
function bookingOf(world: World, command: Exclude<BookingCommand, ReservePlace>): Booking {
  const booking = world.bookings.get(command.bookingId)
  if (!booking || !maySee(booking, command.caller)) throw new Refusal('booking_not_found', 'There is no such booking')
  return booking
}

function enter(world: World, session: Session): number {
  const { number, seats } = takeNumber(session.seats, session.reserved)
  putSession(world, { ...session, seats })
  return number
}

/**
 * A number that the hospital keeps for those it chooses.
 * @throws Refusal `invalid_request`, `number_taken`
 */
function enterReserved(world: World, session: Session, number: number, bookingId: number): number {
  if (!session.reserved.has(number)) throw invalidField('body.number', 'must be a reserved number of the session')
  const key = placeKey(session.id, number)
  if (world.numbersTaken.has(key)) throw new Refusal('number_taken', `Number ${number} is given already`)
  world.numbersTaken.set(key, bookingId)
  putSession(world, { ...session, seats: takeReserved(session.seats) })
  return number
}

function leave(world: World, booking: Booking): void {
  const session = sessionOf(world, booking.sessionId)
  putSession(world, { ...session, seats: releaseNumber(session.seats, booking.number, session.reserved) })
  world.numbersTaken.delete(placeKey(booking.sessionId, booking.number))
}

/** The seat row stands for its session's bookings: touching it makes another writer's decision on an old reading fail. */
function touch(world: World, sessionId: number): void {
  putSession(world, { ...sessionOf(world, sessionId) })
}

function record(
  world: World,
  type: EventType,
  booking: Booking,
  clientId: number | null,
  at: Instant,
  payload: EventPayload,
): void {
  const { id: bookingId, sessionId, status: toStatus } = booking
  world.changes.events.push({ type, sessionId, bookingId, clientId, at, payload: { ...payload, toStatus } })
}

function place(world: World, booking: Booking): BookedPlace {
  return {
    booking,
    session: sessionOf(world, booking.sessionId),
    patientName: world.patients.get(booking.patientId)?.name ?? '',
  }
}
