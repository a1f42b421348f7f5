import { type Instant, Refusal } from '@channelling/contract'
import { type Database, DatabaseFault, type Value } from '@channelling/schema'
import { appendEventsOfSessions } from '@channelling/schema/outbox'
import type { Changeable, SessionChange } from '../rules/session-change'
import { type Fragment, fragment, join } from './page'
import { writeRecord } from './records'
import { findSession, type Session } from './sessions'
import { rememberPair, requireSitters, type Sitters, sittersInUse, type Terms } from './sittings'

/** A session outside of any schedule. Amounts in cents. */
export interface NewSession extends Sitters, Terms {
  startsAt: Instant
  endsAt: Instant
  currency: string
}

/** Who does it, and when. */
export interface Act {
  clientId: number
  now: Instant
}

const inSlot = ({ consultantId, hospitalId, startsAt }: NewSession): Fragment =>
  fragment(
    'SELECT id FROM session WHERE consultant_id = ? AND hospital_id = ? AND starts_at = ?',
    consultantId,
    hospitalId,
    startsAt,
  )

/**
 * Publishes a session, with its event.
 * @throws Refusal `already_exists`, `consultant_not_found`, `hospital_not_found`
 */
export async function publishSession(database: Database, given: NewSession, { clientId, now }: Act): Promise<number> {
  const insert = join(
    fragment(
      `INSERT INTO session (consultant_id, hospital_id, starts_at, ends_at, room, capacity, starting_number,
        reserved_numbers, minutes_per_patient, local_doctor_fee, local_hospital_fee, foreign_doctor_fee,
        foreign_hospital_fee, currency)
        SELECT c.id, h.id, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?`,
      given.startsAt,
      given.endsAt,
      given.room,
      given.capacity,
      given.startingNumber,
      JSON.stringify(given.reservedNumbers),
      given.minutesPerPatient,
      given.localDoctorFee,
      given.localHospitalFee,
      given.foreignDoctorFee,
      given.foreignHospitalFee,
      given.currency,
    ),
    sittersInUse(given),
    fragment('RETURNING id'),
  )
  const id = await writeRecord(
    database,
    [insert, rememberPair(given), appendEventsOfSessions('session.published', inSlot(given), { clientId, at: now })],
    { what: 'a session of that consultant, hospital and start', query: inSlot(given) },
  )
  if (id === undefined) await requireSitters(database, given)
  return id!
}

const changeable = {
  room: 'room',
  capacity: 'capacity',
  endsAt: 'ends_at',
  minutesPerPatient: 'minutes_per_patient',
  localDoctorFee: 'local_doctor_fee',
  localHospitalFee: 'local_hospital_fee',
  foreignDoctorFee: 'foreign_doctor_fee',
  foreignHospitalFee: 'foreign_hospital_fee',
  statusReason: 'status_reason',
  holiday: 'holiday',
  endedAt: 'ended_at',
  cancelledAt: 'cancelled_at',
  startedAt: 'started_at',
  heldAt: 'held_at',
} satisfies Record<keyof Changeable, string>

const columns = Object.values(changeable).join(', ')
const values = (of: Changeable): Value[] =>
  (Object.keys(changeable) as (keyof Changeable)[]).map((name) => (name === 'holiday' ? Number(of[name]) : of[name]))
const marks = Object.keys(changeable)
  .map(() => '?')
  .join(', ')

/** How often a change is decided anew, after others changed the same session in between. */
const ATTEMPTS = 5

/**
 * Changes a session: reads it, has it decided, and saves that with its events as long as the session is as it was read.
 * Gives the session as it then is, or undefined where there is none.
 * @throws Refusal `capacity_below_taken`, and whatever `decide` refuses
 */
export async function amendSession(
  database: Database,
  id: number,
  decide: (session: Session) => SessionChange,
  act: Act,
): Promise<Session | undefined> {
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    const session = await findSession(database, id, act.now)
    if (!session) return undefined
    const change = decide(session)
    if (change.events.length === 0) return session
    if (await save(database, session, change, act)) return findSession(database, id, act.now)
  }
  throw new Refusal('overloaded', 'Others keep changing the session', { retryAfterSeconds: 1 })
}

/** False: the session is no longer as it was read. */
async function save(
  database: Database,
  session: Session,
  { to, events }: SessionChange,
  { clientId, now }: Act,
): Promise<boolean> {
  const asRead = fragment(`id = ? AND (${columns}) IS (${marks})`, session.id, ...values(session))
  const toTell = join(fragment('SELECT id FROM session WHERE'), asRead)
  try {
    const written = await database.write([
      ...events.map(({ type, payload }) => appendEventsOfSessions(type, toTell, { clientId, at: now, payload })),
      join(fragment(`UPDATE session SET (${columns}) = (${marks}) WHERE`, ...values(to)), asRead),
    ])
    return written.at(-1)!.changes > 0
  } catch (error) {
    if (!(error instanceof DatabaseFault && error.message.includes('seat_taken'))) throw error
    // holds that ran out still stand in the seats until they are swept
    if (to.capacity === 0 || session.taken <= to.capacity) {
      throw new Refusal('overloaded', 'Holds that ran out are being given back', { retryAfterSeconds: 1 })
    }
    throw new Refusal('capacity_below_taken', 'More places are taken than that')
  }
}
