/** Set-based writes of many entries at once, each a single statement over one JSON array. */
import type { Instant } from '@channelling/contract'
import type { Database, Statement } from '@channelling/schema'
import { appendEventsOfSessions } from '@channelling/schema/outbox'
import type { ConsultantEntry, HospitalEntry, ScheduleEntry, SpecialityEntry } from './whole-catalogue'

const over = (entries: unknown[], sql: string): Statement[] =>
  entries.length === 0 ? [] : [{ sql, args: [JSON.stringify(entries)] }]

/** Names are unique; parking those that change first lets two entries swap theirs. */
const parkNames = (table: 'hospital' | 'speciality', codes: string[]) =>
  over(codes, `UPDATE ${table} SET name = char(0) || id WHERE code IN (SELECT value FROM json_each(?))`)

export const saveHospitals = (entries: HospitalEntry[], renamed: string[]): Statement[] => [
  ...parkNames('hospital', renamed),
  ...over(
    entries,
    `INSERT INTO hospital (code, name, city, phone)
      SELECT value ->> 'code', value ->> 'name', value ->> 'city', value ->> 'phone' FROM json_each(?) ORDER BY key
      ON CONFLICT (code) DO UPDATE SET name = excluded.name, city = excluded.city, phone = excluded.phone`,
  ),
]

export const saveSpecialities = (entries: SpecialityEntry[], renamed: string[]): Statement[] => [
  ...parkNames('speciality', renamed),
  ...over(
    entries,
    `INSERT INTO speciality (code, name, description)
      SELECT value ->> 'code', value ->> 'name', value ->> 'description' FROM json_each(?) ORDER BY key
      ON CONFLICT (code) DO UPDATE SET name = excluded.name, description = excluded.description`,
  ),
]

// a key that nothing has becomes NULL by the outer joins, which the tables refuse: nothing is left out in silence

export const saveConsultants = (entries: ConsultantEntry[]): Statement[] =>
  over(
    entries,
    `INSERT INTO consultant (registration, title, name, qualification, speciality_id)
      SELECT j.value ->> 'registration', j.value ->> 'title', j.value ->> 'name', j.value ->> 'qualification', p.id
      FROM json_each(?) j LEFT JOIN speciality p ON p.code = j.value ->> 'speciality' ORDER BY j.key
      ON CONFLICT (registration) DO UPDATE SET title = excluded.title, name = excluded.name,
        qualification = excluded.qualification, speciality_id = excluded.speciality_id`,
  )

const ofSlot = `LEFT JOIN consultant c ON c.registration = j.value ->> 'consultant'
  LEFT JOIN hospital h ON h.code = j.value ->> 'hospital'`

export const savePairs = (pairs: Pick<ScheduleEntry, 'consultant' | 'hospital'>[]): Statement[] =>
  over(
    pairs,
    `INSERT INTO consultant_hospital (consultant_id, hospital_id) SELECT c.id, h.id FROM json_each(?) j ${ofSlot}
      WHERE true ON CONFLICT DO NOTHING`,
  )

export const saveSchedules = (entries: ScheduleEntry[]): Statement[] =>
  over(
    entries,
    `INSERT INTO schedule (consultant_id, hospital_id, weekday, start_minute, duration_minutes, room, capacity,
        starting_number, reserved_numbers, minutes_per_patient, local_doctor_fee, local_hospital_fee,
        foreign_doctor_fee, foreign_hospital_fee, valid_from, valid_to)
      SELECT c.id, h.id, j.value ->> 'weekday', j.value ->> 'startMinute', j.value ->> 'durationMinutes',
        j.value ->> 'room', j.value ->> 'capacity', j.value ->> 'startingNumber', j.value ->> 'reservedNumbers',
        j.value ->> 'minutesPerPatient', j.value ->> 'localDoctorFee', j.value ->> 'localHospitalFee',
        j.value ->> 'foreignDoctorFee', j.value ->> 'foreignHospitalFee', j.value ->> 'validFrom', j.value ->> 'validTo'
      FROM json_each(?) j ${ofSlot} ORDER BY j.key
      ON CONFLICT (consultant_id, hospital_id, weekday, start_minute) DO UPDATE SET
        duration_minutes = excluded.duration_minutes, room = excluded.room, capacity = excluded.capacity,
        starting_number = excluded.starting_number, reserved_numbers = excluded.reserved_numbers,
        minutes_per_patient = excluded.minutes_per_patient, local_doctor_fee = excluded.local_doctor_fee,
        local_hospital_fee = excluded.local_hospital_fee, foreign_doctor_fee = excluded.foreign_doctor_fee,
        foreign_hospital_fee = excluded.foreign_hospital_fee, valid_from = excluded.valid_from, valid_to = excluded.valid_to`,
  )

/** A session to publish: the registration, the hospital's code, the weekday and start of its schedule, its start and end. */
export type NewSession = [string, string, number, number, Instant, Instant]

// what was retired since it was read is left out, by the events too: somebody may have published that very session by hand
const ofSchedule = `LEFT JOIN consultant c ON c.registration = j.value ->> 0
  LEFT JOIN hospital h ON h.code = j.value ->> 1
  LEFT JOIN schedule t ON t.consultant_id = c.id AND t.hospital_id = h.id
    AND t.weekday = j.value ->> 2 AND t.start_minute = j.value ->> 3`
const inUse = 'c.retired_at IS NULL AND h.retired_at IS NULL AND t.retired_at IS NULL'

/**
 * Publishes sessions that are not there yet, with their events, where schedule, consultant and hospital are in use. One that is there after
 * all violates `session_slot`.
 */
export const saveSessions = (
  sessions: NewSession[],
  currency: string,
  now: Instant,
): { sessions: Statement; events: Statement } => ({
  sessions: {
    sql: `INSERT INTO session (schedule_id, consultant_id, hospital_id, currency, starts_at, ends_at, room, capacity,
        starting_number, reserved_numbers, minutes_per_patient, local_doctor_fee, local_hospital_fee,
        foreign_doctor_fee, foreign_hospital_fee)
      SELECT t.id, c.id, h.id, ?, j.value ->> 4, j.value ->> 5, t.room, t.capacity, t.starting_number,
        t.reserved_numbers, t.minutes_per_patient, t.local_doctor_fee, t.local_hospital_fee, t.foreign_doctor_fee,
        t.foreign_hospital_fee
      FROM json_each(?) j ${ofSchedule} WHERE ${inUse} ORDER BY j.key`,
    args: [currency, JSON.stringify(sessions)],
  },
  events: appendEventsOfSessions(
    'session.published',
    {
      sql: `SELECT s.id FROM json_each(?) j ${ofSchedule}
        JOIN session s ON s.consultant_id = c.id AND s.hospital_id = h.id AND s.starts_at = j.value ->> 4
        WHERE ${inUse}`,
      args: [JSON.stringify(sessions)],
    },
    { clientId: null, at: now },
  ),
})

/** The slots taken by sessions that start within a range, by `sessionKey`. */
export async function readSessionKeys(database: Database, from: Instant, to: Instant): Promise<Set<string>> {
  const rows = await database.read<{ registration: string; code: string; startsAt: number }>(
    `SELECT c.registration, h.code, s.starts_at AS startsAt FROM session s
      JOIN consultant c ON c.id = s.consultant_id JOIN hospital h ON h.id = s.hospital_id
      WHERE s.starts_at BETWEEN ? AND ?`,
    [from, to],
  )
  return new Set(rows.map(({ registration, code, startsAt }) => sessionKey(registration, code, startsAt)))
}

export const sessionKey = (registration: string, code: string, startsAt: Instant) =>
  `${registration}\u0000${code}\u0000${startsAt}`
