import type { Instant, Paging, SessionState } from '@channelling/contract'
import type { Database } from '@channelling/schema'
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
}

export interface SessionFilter extends Range {
  consultantId?: number
  specialityId?: number
  hospitalId?: number
  bookable?: boolean
}

/**
 * Holds that ran out at `now` and still stand as held: they take no place any more, and give their number back unless it is
 * a reserved one. There are few, or none.
 */
const runOut = (now: Instant) =>
  fragment(
    `WITH run_out AS MATERIALIZED (
      SELECT b.session_id, count(*) AS places,
        min(b.number) FILTER (WHERE b.number NOT IN (SELECT value FROM json_each(held.reserved_numbers))) AS number
      FROM booking b INDEXED BY booking_by_expiry JOIN session held ON held.id = b.session_id
      WHERE b.status = 'PENDING' AND b.expires_at <= ? GROUP BY b.session_id
    )`,
    now,
  )

const columns = `SELECT s.id, s.consultant_id AS consultantId, trim(coalesce(c.title, '') || ' ' || c.name) AS consultant,
  c.speciality_id AS specialityId, p.name AS speciality, s.hospital_id AS hospitalId, h.name AS hospital, s.room,
  s.starts_at AS startsAt, s.ends_at AS endsAt, s.capacity, s.starting_number AS startingNumber,
  s.minutes_per_patient AS minutesPerPatient, s.local_doctor_fee AS localDoctorFee, s.local_hospital_fee AS localHospitalFee,
  s.foreign_doctor_fee AS foreignDoctorFee, s.foreign_hospital_fee AS foreignHospitalFee, s.currency, s.holiday,
  s.ended_at AS endedAt, s.cancelled_at AS cancelledAt, s.started_at AS startedAt, s.held_at AS heldAt,
  s.status_reason AS statusReason, seat.taken - coalesce(r.places, 0) AS taken, seat.version, seat.next_number AS neverGiven,
  seat.released ->> 0 AS lowestReleased, r.number AS lowestRunOut`

const withPlaces = `JOIN seat ON seat.session_id = s.id LEFT JOIN run_out r ON r.session_id = s.id`
const withConsultant = 'JOIN consultant c ON c.id = s.consultant_id'
const withNames = `JOIN hospital h ON h.id = s.hospital_id JOIN speciality p ON p.id = c.speciality_id`

/** `sessionStatus` is Available, in SQL, so that pages and totals can be of bookable sessions alone. */
const isAvailable = (now: Instant) =>
  fragment(
    `s.holiday = 0 AND s.ended_at IS NULL AND s.ends_at > ? AND s.cancelled_at IS NULL AND s.started_at IS NULL
      AND s.held_at IS NULL AND (s.capacity = 0 OR seat.taken - coalesce(r.places, 0) < s.capacity)`,
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
    runOut(now),
    fragment(`${columns} FROM session s ${withConsultant} ${withNames} ${withPlaces}`),
    matching(filter, now),
    fragment('ORDER BY s.starts_at, s.id'),
    limit(paging),
  )

/** How many match; it touches only the tables that the filter needs. */
export const sessionsTotal = (filter: SessionFilter, now: Instant): Fragment =>
  join(
    ...(filter.bookable === undefined ? [] : [runOut(now)]),
    fragment('SELECT count(*) AS total FROM session s'),
    ...(filter.specialityId === undefined ? [] : [fragment(withConsultant)]),
    ...(filter.bookable === undefined ? [] : [fragment(withPlaces)]),
    matching(filter, now),
  )

export const sessionById = (id: number, now: Instant): Fragment =>
  join(
    runOut(now),
    fragment(`${columns} FROM session s ${withConsultant} ${withNames} ${withPlaces}`),
    fragment('WHERE s.id = ?', id),
  )

const sessionOf = (row: Session): Session => ({ ...row, holiday: Boolean(row.holiday) })

export async function findSessions(database: Database, filter: SessionFilter, paging: Paging, now: Instant) {
  const { rows, total } = await readPage<Session>(
    database,
    sessionsPage(filter, paging, now),
    sessionsTotal(filter, now),
  )
  return { sessions: rows.map(sessionOf), total }
}

export async function findSession(database: Database, id: number, now: Instant): Promise<Session | undefined> {
  const { sql, args } = sessionById(id, now)
  const [row] = await database.read<Session>(sql, args)
  return row && sessionOf(row)
}
