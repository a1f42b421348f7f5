import { type Day, type Instant, type Paging, Refusal } from '@channelling/contract'
import type { Database } from '@channelling/schema'
import { type Fragment, fragment, join, limit, readPage, where } from './page'
import { retireRecord, writeRecord } from './records'
import { rememberPair, requireSitters, type Sitters, sittersInUse, type Terms } from './sittings'

/** A recurring template, as it is kept. Amounts in cents. */
export interface NewSchedule extends Sitters, Terms {
  /** 1 for Monday to 7 for Sunday. */
  weekday: number
  startMinute: number
  durationMinutes: number
  validFrom: Day | null
  validTo: Day | null
}

export interface Schedule extends NewSchedule {
  id: number
  consultant: string
  hospital: string
  retiredAt: Instant | null
}

const columns = `SELECT t.id, t.consultant_id AS consultantId, trim(coalesce(c.title, '') || ' ' || c.name) AS consultant,
  t.hospital_id AS hospitalId, h.name AS hospital, t.weekday, t.start_minute AS startMinute,
  t.duration_minutes AS durationMinutes, t.room, t.capacity, t.starting_number AS startingNumber,
  t.reserved_numbers AS reservedNumbers, t.minutes_per_patient AS minutesPerPatient,
  t.local_doctor_fee AS localDoctorFee, t.local_hospital_fee AS localHospitalFee,
  t.foreign_doctor_fee AS foreignDoctorFee, t.foreign_hospital_fee AS foreignHospitalFee,
  t.valid_from AS validFrom, t.valid_to AS validTo, t.retired_at AS retiredAt
  FROM schedule t JOIN consultant c ON c.id = t.consultant_id JOIN hospital h ON h.id = t.hospital_id`

type Row = Omit<Schedule, 'reservedNumbers'> & { reservedNumbers: string }

const scheduleOf = (row: Row): Schedule => ({ ...row, reservedNumbers: JSON.parse(row.reservedNumbers) as number[] })

/** The schedules in use, by consultant, weekday and start. */
export async function findSchedules(
  database: Database,
  { consultantId, hospitalId }: Partial<Sitters>,
  paging: Paging,
): Promise<{ rows: Schedule[]; total: number }> {
  const matching = where([
    fragment('t.retired_at IS NULL'),
    consultantId === undefined ? undefined : fragment('t.consultant_id = ?', consultantId),
    hospitalId === undefined ? undefined : fragment('t.hospital_id = ?', hospitalId),
  ])
  const { rows, total } = await readPage<Row>(
    database,
    join(
      fragment(columns),
      matching,
      fragment('ORDER BY t.consultant_id, t.weekday, t.start_minute, t.id'),
      limit(paging),
    ),
    join(fragment('SELECT count(*) AS total FROM schedule t'), matching),
  )
  return { rows: rows.map(scheduleOf), total }
}

export async function findSchedule(database: Database, id: number): Promise<Schedule> {
  const [found] = await database.read<Row>(`${columns} WHERE t.id = ?`, [id])
  if (!found) throw new Refusal('schedule_not_found', 'There is no such schedule')
  return scheduleOf(found)
}

const existing = (of: NewSchedule, besides: number) => ({
  what: 'a schedule of that consultant, hospital, weekday and start',
  query: fragment(
    'SELECT id FROM schedule WHERE consultant_id = ? AND hospital_id = ? AND weekday = ? AND start_minute = ? AND id <> ?',
    of.consultantId,
    of.hospitalId,
    of.weekday,
    of.startMinute,
    besides,
  ),
})

/** A row of the values in the order of `written`, while consultant and hospital are in use. */
function valuesOf(of: NewSchedule): Fragment {
  const { sql, args } = sittersInUse(of)
  const values = [
    of.weekday,
    of.startMinute,
    of.durationMinutes,
    of.room,
    of.capacity,
    of.startingNumber,
    JSON.stringify(of.reservedNumbers),
    of.minutesPerPatient,
    of.localDoctorFee,
    of.localHospitalFee,
    of.foreignDoctorFee,
    of.foreignHospitalFee,
    of.validFrom,
    of.validTo,
  ]
  return { sql: `SELECT c.id, h.id, ${values.map(() => '?').join(', ')} ${sql}`, args: [...values, ...args] }
}

const written = `consultant_id, hospital_id, weekday, start_minute, duration_minutes, room, capacity, starting_number,
  reserved_numbers, minutes_per_patient, local_doctor_fee, local_hospital_fee, foreign_doctor_fee, foreign_hospital_fee,
  valid_from, valid_to`

/** @throws Refusal `already_exists`, `consultant_not_found`, `hospital_not_found` */
export async function addSchedule(database: Database, given: NewSchedule): Promise<Schedule> {
  const { sql, args } = valuesOf(given)
  const insert = { sql: `INSERT INTO schedule (${written}) ${sql} RETURNING id`, args }
  const id = await writeRecord(database, [insert, rememberPair(given)], existing(given, 0))
  if (id === undefined) await requireSitters(database, given)
  return findSchedule(database, id!)
}

/**
 * Makes the schedule say what is given, for the sessions published from now on; a retired one comes back into use.
 * @throws Refusal `already_exists`, `schedule_not_found`, `consultant_not_found`, `hospital_not_found`
 */
export async function changeSchedule(database: Database, id: number, given: NewSchedule): Promise<Schedule> {
  await findSchedule(database, id)
  const { sql, args } = valuesOf(given)
  const sitters = sittersInUse(given)
  const update = {
    sql: `UPDATE schedule SET retired_at = NULL, (${written}) = (${sql}) WHERE id = ? AND EXISTS (SELECT 1 ${sitters.sql})
      RETURNING id`,
    args: [...args, id, ...sitters.args],
  }
  const changed = await writeRecord(database, [update, rememberPair(given)], existing(given, id))
  if (changed === undefined) await requireSitters(database, given)
  return findSchedule(database, id)
}

/** Nothing is published from it any more. What was published stays. @throws Refusal `schedule_not_found` */
export async function retireSchedule(database: Database, id: number, now: Instant): Promise<Schedule> {
  await retireRecord(database, { table: 'schedule', id, now }, 'schedule_not_found')
  return findSchedule(database, id)
}
