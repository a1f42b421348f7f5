import type { Instant } from '@channelling/contract'
import type { Person, Sex } from '../rules/person'

/** A registered person. */
export interface Patient {
  id: number
  /** See `phnOf`. */
  phn: string
  person: Person
  createdAt: Instant
  /** Grows with every change, so that it also tells one state from the next. */
  updatedAt: Instant
}

/** A row of the table as the database gives it. */
export interface PatientRow {
  id: number
  phn: string
  title: string | null
  name: string
  name_key: string
  sex: string | null
  dob: string | null
  phone: string | null
  nic: string | null
  nic_key: string | null
  passport: string | null
  email: string | null
  address: string | null
  foreigner: number
  created_at: number
  updated_at: number
}

export const patientOf = (row: PatientRow): Patient => ({
  id: row.id,
  phn: row.phn,
  person: {
    title: row.title,
    name: row.name,
    nameKey: row.name_key,
    sex: row.sex as Sex | null,
    dob: row.dob,
    phone: row.phone,
    nic: row.nic,
    nicKey: row.nic_key,
    passport: row.passport,
    email: row.email,
    address: row.address,
    foreigner: row.foreigner === 1,
  },
  createdAt: row.created_at,
  updatedAt: row.updated_at,
})
