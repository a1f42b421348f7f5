import type { Instant } from '@channelling/contract'
import { type Database, DatabaseFault, type Statement } from '@channelling/schema'
import { patient } from '@channelling/schema/patients'
import { and, eq } from 'drizzle-orm'
import type { Person } from '../rules/person'
import { type Patient, type PatientRow, patientOf } from './patient-row'

/** What became of a person that was to be saved. */
export type Saved =
  | { patient: Patient }
  /** Somebody of the same NIC, passport, or name with date of birth and phone is registered. */
  | { existing: { id: number; phn: string } }
  /** Neither: the PHN is somebody's, or the patient changed meanwhile. Trying again makes sense. */
  | { again: true }

export async function loadPatient(database: Database, id: number): Promise<Patient | null> {
  const [row] = await database.read<PatientRow>('SELECT * FROM patient WHERE id = ?', [id])
  return row ? patientOf(row) : null
}

export const addPatient = (database: Database, person: Person, phn: string, now: Instant): Promise<Saved> =>
  save(
    database,
    database.query
      .insert(patient)
      .values({ ...person, phn, createdAt: now, updatedAt: now })
      .returning(),
    person,
    0,
  )

/** @param before the state that the change was decided on; any other is not touched */
export const changePatient = (database: Database, before: Patient, person: Person, now: Instant): Promise<Saved> =>
  save(
    database,
    database.query
      .update(patient)
      // two changes within a millisecond still differ
      .set({ ...person, updatedAt: Math.max(now, before.updatedAt + 1) })
      .where(and(eq(patient.id, before.id), eq(patient.updatedAt, before.updatedAt)))
      .returning(),
    person,
    before.id,
  )

/** The unique indexes judge, so that of two alike who arrive at once one is registered. */
async function save(database: Database, statement: Statement, person: Person, id: number): Promise<Saved> {
  try {
    const [written] = await database.write([statement])
    const [row] = written!.rows as unknown as PatientRow[]
    return row ? { patient: patientOf(row) } : { again: true }
  } catch (error) {
    if (!(error instanceof DatabaseFault && error.isDuplicate())) throw error
    const existing = await findSame(database, person, id)
    return existing ? { existing } : { again: true }
  }
}

/** The first registered patient who is this person, other than `id`. */
async function findSame(database: Database, { nicKey, passport, nameKey, dob, phone }: Person, id: number) {
  const [same] = await database.read<{ id: number; phn: string }>(
    `SELECT id, phn FROM patient
     WHERE (nic_key = ? OR passport = ? OR (name_key = ? AND dob = ? AND phone = ?)) AND id <> ?
     ORDER BY id LIMIT 1`,
    [nicKey, passport, nameKey, dob, phone, id],
  )
  return same
}
