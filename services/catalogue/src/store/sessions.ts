import type { Instant, Paging, SessionState } from '@channelling/contract'
import { type Database, type JsonRow, jsonRow, rowsOfJson } from '@channelling/schema'
import type { Range } from '../rules/range'
import { type Fragment, fragment, join, limit, readPage, where } from './page'

/**
 * A session with the names of what it refers to and its places as of one moment: run-out holds are not `taken`. Amounts in
 * cents.
 */
export interface Session extends SessionState {
  id: number
  consultantId: number
  consultant: string
  specialityId: number
  speciality: string
  hospitalId: number
  hospital: string
  room: string | null
  startsAt: Instant
  startingNumber: number
  minutesPerPatient: number
  localDoctorFee: number
  localHospitalFee: number
  foreignDoctorFee: number
  foreignHospitalFee: number
  currency: string
  statusReason: string | null
  /** Of its places; every change to the session or one of its bookings raises it. */
  version: number
  neverGiven: number
  lowestReleased: number | null
  lowestRunOut: number | null
  /** When the next hold runs out, if nobody completes it; null without one. */
  nextRunOutAt: Instant | null
}

export interface SessionFilter extends Range {
  consultantId?: number
  specialityId?: number
  hospitalId?: number
  bookable?: boolean
}

/** The moment as of which a statement tells of places; `ofRunOut` refers to it. */
const asOf = (now: Instant) => fragment('WITH moment (now) AS (SELECT ?)', now)

/**
 * Holds of session `s` that ran out and still stand as held: they take no place any more, and give their number back unless it is
 * a reserved one.
 */
const ofHeld = `FROM booking b INDEXED BY booking_held WHERE b.status = 'PENDING' AND b.session_id = s.id`
const ofRunOut = `${ofHeld} AND b.expires_at <= (SELECT now FROM moment)`
const taken = `seat.taken - (SELECT count(*) ${ofRunOut})`

const columns = `SELECT ${jsonRow({
  id: 's.id',
  consultantId: 's.consultant_id',
  consultant: "trim(coalesce(c.title, '') || ' ' || c.name)",
  specialityId: 'c.speciality_id',
  speciality: 'p.name',
  hospitalId: 's.hospital_id',
  hospital: 'h.name',
  room: 's.room',
  startsAt: 's.starts_at',
  endsAt: 's.ends_at',
  capacity: 's.capacity',
  startingNumber: 's.starting_number',
  minutesPerPatient: 's.minutes_per_patient',
  localDoctorFee: 's.local_doctor_fee',
  localHospitalFee: 's.local_hospital_fee',
  foreignDoctorFee: 's.foreign_doctor_fee',
  foreignHospitalFee: 's.foreign_hospital_fee',
  currency: 's.currency',
  holiday: 's.holiday',
  endedAt: 's.ended_at',
  cancelledAt: 's.cancelled_at',
  startedAt: 's.started_at',
  heldAt: 's.held_at',
  statusReason: 's.status_reason',
  taken,
  version: 'seat.version',
  neverGiven: 'seat.next_number',
  lowestReleased: 'seat.released ->> 0',
  lowestRunOut: `(SELECT min(b.number) ${ofRunOut} AND b.number NOT IN (SELECT value FROM json_each(s.reserved_numbers)))`,
  nextRunOutAt: `(SELECT min(b.expires_at) ${ofHeld} AND b.expires_at > (SELECT now FROM moment))`,
})}`

const withPlaces = 'JOIN seat ON seat.session_id = s.id'
const withConsultant = 'JOIN consultant c ON c.id = s.consultant_id'
const withNames = `JOIN hospital h ON h.id = s.hospital_id JOIN speciality p ON p.id = c.speciality_id`

/** `sessionStatus` is Available, in SQL, so that pages and totals can be of bookable sessions alone. */
const isAvailable = (now: Instant) =>
  fragment(
    `s.holiday = 0 AND s.ended_at IS NULL AND s.ends_at > ? AND s.cancelled_at IS NULL AND s.started_at IS NULL
      AND s.held_at IS NULL AND (s.capacity = 0 OR ${taken} < s.capacity)`,
    now,
  )

function matching({ from, to, consultantId, specialityId, hospitalId, bookable }: SessionFilter, now: Instant) {
  const available = isAvailable(now)
  return where([
    fragment('s.starts_at BETWEEN ? AND ?', from, to),
    consultantId === undefined ? undefined : fragment('s.consultant_id = ?', consultantId),
    specialityId === undefined ? undefined : fragment('c.speciality_id = ?', specialityId),
    hospitalId === undefined ? undefined : fragment('s.hospital_id = ?', hospitalId),
    bookable === undefined ? undefined : bookable ? available : { ...available, sql: `NOT (${available.sql})` },
  ])
}

/** The sessions that match, by start time. */
export const sessionsPage = (filter: SessionFilter, paging: Paging, now: Instant): Fragment =>
  join(
    asOf(now),
    fragment(`${columns} FROM session s ${withConsultant} ${withNames} ${withPlaces}`),
    matching(filter, now),
    fragment('ORDER BY s.starts_at, s.id'),
    limit(paging),
  )

/** How many match; it touches only the tables that the filter needs. */
export const sessionsTotal = (filter: SessionFilter, now: Instant): Fragment =>
  join(
    ...(filter.bookable === undefined ? [] : [asOf(now)]),
    fragment('SELECT count(*) AS total FROM session s'),
    ...(filter.specialityId === undefined ? [] : [fragment(withConsultant)]),
    ...(filter.bookable === undefined ? [] : [fragment(withPlaces)]),
    matching(filter, now),
  )

export const sessionById = (id: number, now: Instant): Fragment =>
  join(
    asOf(now),
    fragment(`${columns} FROM session s ${withConsultant} ${withNames} ${withPlaces}`),
    fragment('WHERE s.id = ?', id),
  )

const sessionOf = (row: Session): Session => ({ ...row, holiday: Boolean(row.holiday) })

export async function findSessions(database: Database, filter: SessionFilter, paging: Paging, now: Instant) {
  const { rows, total } = await readPage<JsonRow>(
    database,
    sessionsPage(filter, paging, now),
    sessionsTotal(filter, now),
  )
  return { sessions: rowsOfJson<Session>(rows).map(sessionOf), total }
}

export async function findSession(database: Database, id: number, now: Instant): Promise<Session | undefined> {
  const { sql, args } = sessionById(id, now)
  const [row] = rowsOfJson<Session>(await database.read<JsonRow>(sql, args))
  return row && sessionOf(row)
}
