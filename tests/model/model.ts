import { type Access, type Instant, MINUTE_MS, type SessionStatus } from '@channelling/contract'

/** The contract of bookings and sessions in memory: what every answer has to be. Time is judged as soon as it passes. */
export interface Hospital {
  now: Instant
  sessions: Session[]
  /** In the order in which they were made. */
  bookings: Booking[]
  /** What was answered under each Idempotency-Key. */
  answers: Map<string, { asked: string; answer: Answer }>
}

export interface Session {
  id: number
  startsAt: Instant
  endsAt: Instant
  /** 0: unlimited. */
  capacity: number
  startingNumber: number
  reserved: readonly number[]
  /** Of doctor and hospital together, in units; a foreigner pays twice as much. */
  fee: number
  /** What was decided about it, if anything. */
  decided: 'Holiday' | 'Started' | 'Hold' | null
  ended: boolean
  cancelled: boolean
  events: string[]
}

export interface Client {
  id: number
  name: string
  access: Access
}

export interface Booking {
  /** 0 until the services have given it one. */
  id: number
  session: Session
  number: number
  status: 'PENDING' | 'ACTIVE' | 'PATIENT_CANCELED' | 'DOCTOR_CANCELED' | 'EXPIRED'
  patientId: number
  client: Client
  foreigner: boolean
  fee: number
  paymentMethod: string
  reference: string | null
  expiresAt: Instant | null
  cancelledAt: Instant | null
  history: Transition[]
}

export interface Transition {
  type: string
  status: string
  sessionId: number
  number: number
  client: string | null
  actor: string | null
}

export interface Answer {
  code: number
  reason?: string
  /** The booking as it is when it is answered. */
  view?: Omit<Booking, 'history'> & { feeDifference?: number }
  /** The booking itself, where the answer made it. */
  made?: Booking
  /** The answer of which it is a repetition. */
  first?: Answer
}

export const HOLD_MINUTES = 20
/** Of one client at a time. */
export const HOLDS_PER_CLIENT = 2

const refused = (code: number, reason: string): Answer => ({ code, reason })
const answered = (booking: Booking, feeDifference?: number): Answer => {
  const { history: _, ...view } = booking
  return { code: 200, view: { ...view, ...(feeDifference !== undefined && { feeDifference }) } }
}

export const isLiving = ({ status }: Booking) => status === 'PENDING' || status === 'ACTIVE'
export const livingIn = ({ bookings }: Hospital, session: Session) =>
  bookings.filter((booking) => booking.session === session && isLiving(booking))

export function statusOf(hospital: Hospital, session: Session): SessionStatus {
  if (session.decided === 'Holiday') return 'Holiday'
  if (session.ended || hospital.now >= session.endsAt) return 'Ended'
  if (session.cancelled) return 'Cancelled'
  if (session.decided) return session.decided
  return session.capacity > 0 && livingIn(hospital, session).length >= session.capacity ? 'Full' : 'Available'
}

/** The lowest free number. */
export function nextNumber(hospital: Hospital, session: Session): number {
  const taken = livingIn(hospital, session).map(({ number }) => number)
  let number = session.startingNumber
  while (session.reserved.includes(number) || taken.includes(number)) number++
  return number
}

const seenBy = (hospital: Hospital, client: Client, id: number) =>
  hospital.bookings.find((one) => one.id === id && (client.access === 'all' || one.client === client))

/** Newest first. */
export const ofPatient = ({ bookings }: Hospital, client: Client, patientId: number) =>
  bookings.filter((one) => one.patientId === patientId && (client.access === 'all' || one.client === client)).reverse()

function happens(booking: Booking, type: string, client: Client | null, actor: string | null = null): void {
  const { status, number, session, history } = booking
  history.push({ type: `booking.${type}`, status, number, sessionId: session.id, client: client?.name ?? null, actor })
}

const notBookable = (hospital: Hospital, session: Session): Answer | undefined => {
  const status = statusOf(hospital, session)
  if (status === 'Full') return refused(409, 'session_full')
  if (status !== 'Available') return refused(409, 'session_not_bookable')
}

/** What a client holds at the moment, everywhere or in a session. */
const heldBy = ({ bookings }: Hospital, client: Client, session?: Session) =>
  bookings.filter(
    (one) => one.status === 'PENDING' && one.client === client && (session === undefined || one.session === session),
  ).length

/** A client holds half of a session at most, or the one place there is. */
const overItsShare = (hospital: Hospital, client: Client, session: Session): Answer | undefined =>
  session.capacity > 0 && heldBy(hospital, client, session) + 1 > Math.max(1, session.capacity / 2)
    ? refused(409, 'too_many_holds')
    : undefined

const notOpen = (booking: Booking): Answer | undefined => {
  if (booking.status === 'EXPIRED') return refused(409, 'booking_expired')
  if (!isLiving(booking)) return refused(409, 'booking_not_active')
}

/** To act in the hospital's name is for clients of the whole hospital; the rest are not even heard. */
export const forbidden = (client: Client, asked: object): Answer | undefined =>
  client.access === 'own' && (('by' in asked && asked.by === 'hospital') || ('number' in asked && asked.number))
    ? refused(403, 'scope_missing')
    : undefined

/** Says the first answer to the same question under the same key, or decides. What is not valid is not kept. */
export function once(
  hospital: Hospital,
  key: string | undefined,
  client: Client,
  asked: string,
  decide: () => Answer,
): Answer {
  const before = key === undefined ? undefined : hospital.answers.get(`${client.id} ${key}`)
  if (before?.asked === asked) return { ...before.answer, made: undefined, first: before.answer }
  if (before) return refused(422, 'idempotency_key_reused')
  const answer = decide()
  if (key !== undefined && answer.code !== 400) hospital.answers.set(`${client.id} ${key}`, { asked, answer })
  return answer
}

export interface Wanted {
  session?: Session
  patient?: { id: number; foreigner: boolean }
  number?: number
  reference: string | null
  foreigner?: boolean
  paymentMethod: string
  hold: boolean
}

export function book(hospital: Hospital, client: Client, { session, patient, number, ...wanted }: Wanted): Answer {
  if (!patient) return refused(404, 'patient_not_found')
  if (!session) return refused(404, 'session_not_found')
  const mine = hospital.bookings.filter((one) => one.client === client)
  if (wanted.reference && mine.some(({ reference }) => reference === wanted.reference))
    return refused(409, 'reference_used')
  const closed = notBookable(hospital, session)
  if (closed) return closed
  if (wanted.hold) {
    if (heldBy(hospital, client) >= HOLDS_PER_CLIENT) return refused(409, 'too_many_holds')
    const over = overItsShare(hospital, client, session)
    if (over) return over
  }
  if (number !== undefined) {
    if (!session.reserved.includes(number)) return refused(400, 'invalid_request')
    if (livingIn(hospital, session).some((one) => one.number === number)) return refused(409, 'number_taken')
  }
  const foreigner = wanted.foreigner ?? patient.foreigner
  const booking: Booking = {
    id: 0,
    session,
    number: number ?? nextNumber(hospital, session),
    status: wanted.hold ? 'PENDING' : 'ACTIVE',
    patientId: patient.id,
    client,
    foreigner,
    fee: foreigner ? 2 * session.fee : session.fee,
    paymentMethod: wanted.paymentMethod,
    reference: wanted.reference,
    expiresAt: wanted.hold ? hospital.now + HOLD_MINUTES * MINUTE_MS : null,
    cancelledAt: null,
    history: [],
  }
  hospital.bookings.push(booking)
  happens(booking, wanted.hold ? 'held' : 'completed', client)
  return { ...answered(booking), code: 201, made: booking }
}

export function cancel(hospital: Hospital, client: Client, id: number, by: 'patient' | 'hospital'): Answer {
  const booking = seenBy(hospital, client, id)
  if (!booking) return refused(404, 'booking_not_found')
  const closed = notOpen(booking)
  if (closed) return closed
  giveUp(hospital, booking, client, by)
  return answered(booking)
}

function giveUp({ now }: Hospital, booking: Booking, client: Client | null, by: 'patient' | 'hospital'): void {
  Object.assign(booking, { status: by === 'hospital' ? 'DOCTOR_CANCELED' : 'PATIENT_CANCELED', cancelledAt: now })
  happens(booking, 'cancelled', client, by)
}

export function reschedule(hospital: Hospital, client: Client, id: number, to?: Session): Answer {
  const booking = seenBy(hospital, client, id)
  if (!booking) return refused(404, 'booking_not_found')
  if (!to) return refused(404, 'session_not_found')
  const closed = notOpen(booking)
  if (closed) return closed
  if (booking.session === to) return refused(409, 'same_session')
  const full = notBookable(hospital, to)
  if (full) return full
  // what the hospital moves of others counts against nobody's share
  const over =
    booking.status === 'PENDING' && booking.client === client ? overItsShare(hospital, client, to) : undefined
  if (over) return over
  const fee = booking.foreigner ? 2 * to.fee : to.fee
  const difference = fee - booking.fee
  Object.assign(booking, { number: nextNumber(hospital, to), session: to, fee })
  happens(booking, 'rescheduled', client)
  return answered(booking, difference)
}

export function complete(hospital: Hospital, client: Client, id: number, paymentMethod?: string): Answer {
  const booking = seenBy(hospital, client, id)
  if (!booking) return refused(404, 'booking_not_found')
  const closed = notOpen(booking)
  if (closed) return closed
  if (booking.status !== 'PENDING') return refused(409, 'booking_not_active')
  Object.assign(booking, { status: 'ACTIVE', expiresAt: null, paymentMethod: paymentMethod ?? booking.paymentMethod })
  happens(booking, 'completed', client)
  return answered(booking)
}

/** Time goes on; a hold is over at its very instant. */
export function pass(hospital: Hospital, to: Instant): void {
  hospital.now = Math.max(hospital.now, to)
  for (const booking of hospital.bookings) {
    if (booking.status !== 'PENDING' || hospital.now < booking.expiresAt!) continue
    booking.status = 'EXPIRED'
    happens(booking, 'expired', null)
  }
}

const following: Partial<Record<SessionStatus, readonly string[]>> = {
  Available: ['Hold', 'Holiday', 'Started', 'Ended'],
  Full: ['Hold', 'Holiday', 'Started', 'Ended'],
  Hold: ['Available', 'Holiday', 'Started', 'Ended'],
  Holiday: ['Available'],
  Started: ['Available', 'Ended'],
}

const eventOf = { Available: 'resumed', Hold: 'held', Holiday: 'holiday', Started: 'started', Ended: 'ended' }
export type Settable = keyof typeof eventOf

/** Gives a session another status, capacity or end. */
export function change(
  hospital: Hospital,
  session: Session,
  asked: { status?: Settable; capacity?: number; endsAt?: Instant },
): Answer {
  const from = statusOf(hospital, session)
  const { status, capacity = session.capacity, endsAt = session.endsAt } = asked
  const turns = status !== undefined && status !== (from === 'Full' ? 'Available' : from)
  const differs = capacity !== session.capacity || endsAt !== session.endsAt
  if ((session.ended || session.cancelled) && (turns || differs)) return refused(409, 'status_not_allowed')
  if (turns && !following[from]?.includes(status)) return refused(409, 'status_not_allowed')
  if (capacity > 0 && livingIn(hospital, session).length > capacity) return refused(409, 'capacity_below_taken')
  Object.assign(session, { capacity, endsAt })
  if (differs) session.events.push('session.changed')
  if (turns) {
    session.ended = status === 'Ended'
    session.decided = status === 'Ended' || status === 'Available' ? null : status
    session.events.push(`session.${eventOf[status]}`)
  }
  return { code: 200 }
}

/** Cancels a session for good; the hospital gives up its bookings. */
export function cancelSession(hospital: Hospital, session: Session): Answer {
  if (session.cancelled) return { code: 200 }
  if (statusOf(hospital, session) === 'Ended') return refused(409, 'status_not_allowed')
  Object.assign(session, { cancelled: true, decided: session.decided === 'Holiday' ? null : session.decided })
  session.events.push('session.cancelled')
  for (const booking of livingIn(hospital, session)) giveUp(hospital, booking, null, 'hospital')
  return { code: 200 }
}
