import { DAY_MS, MINUTE_MS } from '@channelling/contract'
import type { Since } from '../support/books'
import { type Desk, type DeskGiven, startDesk } from '../support/desk'
import { aHospital, aSession } from '../support/hospital'
import { Divergence } from './divergence'
import { PATIENTS } from './history'
import * as model from './model'

export const clients: model.Client[] = [
  { id: 1, name: 'Desk', access: 'all' },
  { id: 2, name: 'Portal', access: 'own' },
  { id: 3, name: 'Agency', access: 'own' },
]

/** An id that nothing has. */
export const UNKNOWN = 2 ** 40
export const MINUTES_PER_PATIENT = 6

/** One of each kind: the ordinary, the one with reserved numbers, the unlimited, the one that begins elsewhere, the last place. */
const kinds = [
  { capacity: 3, startingNumber: 1, reserved: [], fee: 2500, lastsMinutes: 240 },
  { capacity: 4, startingNumber: 1, reserved: [1, 2, 4], fee: 2500, lastsMinutes: 90 },
  { capacity: 0, startingNumber: 10, reserved: [12], fee: 1000, lastsMinutes: 240 },
  { capacity: 4, startingNumber: 5, reserved: [2, 5, 6], fee: 3000.5, lastsMinutes: 45 },
  { capacity: 1, startingNumber: 1, reserved: [], fee: 0, lastsMinutes: 240 },
]

/** The services with their clients and nothing to book yet. */
export const openDesk = (given: Partial<DeskGiven> = {}) =>
  startDesk({
    seed: aHospital({ sessions: kinds.map(() => aSession()) }),
    holdMinutes: model.HOLD_MINUTES,
    holdsPerClient: model.HOLDS_PER_CLIENT,
    clients,
    sweeping: 'when asked',
    ...given,
  })

/** Has the services do what they do by themselves, until nothing of it is left. */
export async function sweepAll({ database, time, sweep, call }: Desk, since: Since): Promise<void> {
  const owed = () =>
    database.read(
      `SELECT 1 FROM booking b JOIN session s ON s.id = b.session_id
        WHERE b.id > ?1 AND (b.status = 'PENDING' AND b.expires_at <= ?2
          OR s.cancelled_at IS NOT NULL AND b.status IN ('PENDING', 'ACTIVE')) LIMIT 1`,
      [since.booking, time.now],
    )
  const until = performance.now() + 5000
  while ((await owed()).length > 0) {
    if (performance.now() > until) throw new Divergence('The services do not do what they do by themselves')
    sweep()
    await new Promise(setImmediate)
  }
  // what is written is done once it is acknowledged: before the answer to whatever is asked after it
  await call('PUT', `/api/channel/bookings/${UNKNOWN}/cancel`, {})
}

let opened = 0
let lastSince: Since = { booking: 0, event: 0 }

/** Sessions and patients of which nobody has heard, on a day of their own. */
export async function openHospital(desk: Desk): Promise<{ hospital: model.Hospital; since: Since }> {
  const { database, time } = desk
  const first = ++opened * 100
  time.now = Math.floor((time.now + DAY_MS) / MINUTE_MS) * MINUTE_MS
  // a history that went wrong left holds behind
  await sweepAll(desk, lastSince)
  const startsAt = time.now + 30 * MINUTE_MS
  const sessions = kinds.map(
    ({ lastsMinutes, ...kind }, index): model.Session => ({
      ...kind,
      id: first + index,
      startsAt,
      endsAt: startsAt + lastsMinutes * MINUTE_MS,
      decided: null,
      ended: false,
      cancelled: false,
      events: [],
    }),
  )
  await database.write([
    ...sessions.map((session, index) => ({
      sql: `INSERT INTO session (id, consultant_id, hospital_id, starts_at, ends_at, capacity, starting_number,
          reserved_numbers, minutes_per_patient, local_doctor_fee, local_hospital_fee, foreign_doctor_fee,
          foreign_hospital_fee, currency)
        VALUES (?1, ?2, 1, ?3, ?4, ?5, ?6, ?7, ${MINUTES_PER_PATIENT}, ?8, 0, 2 * ?8, 0, 'LKR')`,
      args: [
        session.id,
        index + 1,
        startsAt,
        session.endsAt,
        session.capacity,
        session.startingNumber,
        JSON.stringify(session.reserved),
        session.fee * 100,
      ],
    })),
    ...Array.from({ length: PATIENTS }, (_, index) => ({
      sql: `INSERT INTO patient (id, phn, name, name_key, foreigner, created_at, updated_at)
        VALUES (?1, 'M' || ?1, 'Patient', 'patient', ?2, 0, 0)`,
      args: [first + index, Number(index === 1)],
    })),
  ])
  const [since] = await database.read<Since>(
    'SELECT (SELECT coalesce(max(id), 0) FROM booking) AS booking, (SELECT coalesce(max(seq), 0) FROM event) AS event',
  )
  lastSince = since!
  return { hospital: { now: time.now, sessions, bookings: [], answers: new Map() }, since: since! }
}
