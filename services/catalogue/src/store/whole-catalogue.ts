/** The catalogue as a whole, by the keys that its people use: codes, registrations and slots. */
import type { Database } from '@channelling/schema'

export interface HospitalEntry {
  code: string
  name: string
  city: string | null
  phone: string | null
}

export interface SpecialityEntry {
  code: string
  name: string
  description: string | null
}

export interface ConsultantEntry {
  registration: string
  title: string | null
  name: string
  qualification: string | null
  /** The code of the speciality. */
  speciality: string
}

/** Amounts in cents. */
export interface ScheduleEntry {
  /** The registration of the consultant. */
  consultant: string
  /** The code of the hospital. */
  hospital: string
  /** 1 for Monday to 7 for Sunday. */
  weekday: number
  startMinute: number
  durationMinutes: number
  room: string | null
  capacity: number
  startingNumber: number
  /** JSON array. */
  reservedNumbers: string
  minutesPerPatient: number
  localDoctorFee: number
  localHospitalFee: number
  foreignDoctorFee: number
  foreignHospitalFee: number
  validFrom: string | null
  validTo: string | null
}

/** An entry as the database has it. */
export type Kept<Entry> = Entry & { retired: 0 | 1 }

export interface WholeCatalogue {
  hospitals: Map<string, Kept<HospitalEntry>>
  specialities: Map<string, Kept<SpecialityEntry>>
  consultants: Map<string, Kept<ConsultantEntry>>
  schedules: Map<string, Kept<ScheduleEntry>>
  /** Where consultants see patients, by `pairKey`. */
  pairs: Set<string>
}

const SEPARATOR = '\u0000'

export const pairKey = (of: Pick<ScheduleEntry, 'consultant' | 'hospital'>) =>
  [of.consultant, of.hospital].join(SEPARATOR)

export const slotKey = (of: Pick<ScheduleEntry, 'consultant' | 'hospital' | 'weekday' | 'startMinute'>) =>
  [of.consultant, of.hospital, of.weekday, of.startMinute].join(SEPARATOR)

const sql = (text: string) => ({ sql: text, args: [] })

/** Everything but the sessions, retired entries included, as of one moment. */
export async function readWholeCatalogue(database: Database): Promise<WholeCatalogue> {
  const [hospitals, specialities, consultants, schedules, pairs] = await database.readAll([
    sql('SELECT code, name, city, phone, retired_at IS NOT NULL AS retired FROM hospital'),
    sql('SELECT code, name, description, retired_at IS NOT NULL AS retired FROM speciality'),
    sql(`SELECT c.registration, c.title, c.name, c.qualification, p.code AS speciality, c.retired_at IS NOT NULL AS retired
      FROM consultant c JOIN speciality p ON p.id = c.speciality_id`),
    sql(`SELECT c.registration AS consultant, h.code AS hospital, t.weekday, t.start_minute AS startMinute,
      t.duration_minutes AS durationMinutes, t.room, t.capacity, t.starting_number AS startingNumber,
      t.reserved_numbers AS reservedNumbers, t.minutes_per_patient AS minutesPerPatient,
      t.local_doctor_fee AS localDoctorFee, t.local_hospital_fee AS localHospitalFee,
      t.foreign_doctor_fee AS foreignDoctorFee, t.foreign_hospital_fee AS foreignHospitalFee,
      t.valid_from AS validFrom, t.valid_to AS validTo, t.retired_at IS NOT NULL AS retired
      FROM schedule t JOIN consultant c ON c.id = t.consultant_id JOIN hospital h ON h.id = t.hospital_id ORDER BY t.id`),
    sql(`SELECT c.registration AS consultant, h.code AS hospital FROM consultant_hospital ch
      JOIN consultant c ON c.id = ch.consultant_id JOIN hospital h ON h.id = ch.hospital_id`),
  ])
  const keyed = <Entry>(rows: unknown, keyOf: (entry: Kept<Entry>) => string) =>
    new Map((rows as Kept<Entry>[]).map((entry) => [keyOf(entry), entry]))
  return {
    hospitals: keyed<HospitalEntry>(hospitals, ({ code }) => code),
    specialities: keyed<SpecialityEntry>(specialities, ({ code }) => code),
    consultants: keyed<ConsultantEntry>(consultants, ({ registration }) => registration),
    schedules: keyed<ScheduleEntry>(schedules, slotKey),
    pairs: new Set((pairs as unknown as ScheduleEntry[]).map(pairKey)),
  }
}
