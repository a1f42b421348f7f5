import { MINUTE_MS } from '@channelling/contract'
import type { Database } from './database'

/** A session to be there before a test begins; what a test does not name is ordinary. */
export interface SessionGiven {
  id?: number
  /** 0: unlimited. */
  capacity: number
  /** From now. */
  startsInMinutes: number
  lastsMinutes: number
  startingNumber: number
  reservedNumbers: number[]
  minutesPerPatient: number
  /** In cents. */
  doctorFee: number
  hospitalFee: number
}

export const aSession = (given: Partial<SessionGiven> = {}): SessionGiven => ({
  capacity: 30,
  startsInMinutes: 60,
  lastsMinutes: 180,
  startingNumber: 1,
  reservedNumbers: [],
  minutesPerPatient: 6,
  doctorFee: 200_000,
  hospitalFee: 50_000,
  ...given,
})

export interface HospitalGiven {
  /** Their ids are 1, 2, … in this order. */
  sessions?: SessionGiven[]
  /** How many patients there are; their ids are 1, 2, …. */
  patients?: number
}

/** Fills an empty database with one hospital: a speciality, a consultant for each session, and patients. Ids begin at 1. */
export const aHospital =
  ({ sessions = [aSession()], patients = 1 }: HospitalGiven = {}) =>
  async (database: Database): Promise<void> => {
    const now = Date.now()
    const rows = sessions.map((session, index) => {
      const startsAt = now + session.startsInMinutes * MINUTE_MS
      return { ...session, id: index + 1, startsAt, endsAt: startsAt + session.lastsMinutes * MINUTE_MS }
    })
    await database.write([
      { sql: "INSERT INTO speciality (id, name, code) VALUES (1, 'Cardiology', 'CARD')", args: [] },
      { sql: "INSERT INTO hospital (id, name, code) VALUES (1, 'City Hospital', 'CITY')", args: [] },
      {
        sql: `INSERT INTO consultant (id, name, title, registration, speciality_id)
          SELECT value ->> 'id', 'Consultant ' || (value ->> 'id'), 'Dr', 'SLMC ' || (value ->> 'id'), 1 FROM json_each(?)`,
        args: [JSON.stringify(rows)],
      },
      { sql: 'INSERT INTO consultant_hospital (consultant_id, hospital_id) SELECT id, 1 FROM consultant', args: [] },
      {
        sql: `INSERT INTO session (id, consultant_id, hospital_id, starts_at, ends_at, room, capacity, starting_number,
            reserved_numbers, minutes_per_patient, local_doctor_fee, local_hospital_fee, foreign_doctor_fee,
            foreign_hospital_fee, currency)
          SELECT value ->> 'id', value ->> 'id', 1, value ->> 'startsAt', value ->> 'endsAt', '3', value ->> 'capacity',
            value ->> 'startingNumber', value ->> 'reservedNumbers', value ->> 'minutesPerPatient',
            value ->> 'doctorFee', value ->> 'hospitalFee', 2 * (value ->> 'doctorFee'), 2 * (value ->> 'hospitalFee'), 'LKR'
          FROM json_each(?)`,
        args: [JSON.stringify(rows)],
      },
      {
        sql: `WITH RECURSIVE n(id) AS (SELECT 1 WHERE ?1 > 0 UNION ALL SELECT id + 1 FROM n WHERE id < ?1)
          INSERT INTO patient (id, phn, name, name_key, phone, created_at, updated_at)
          SELECT id, 'P' || id, 'Patient ' || id, 'patient ' || id, '+9477' || (1000000 + id), ?2, ?2 FROM n`,
        args: [patients, now],
      },
    ])
  }
