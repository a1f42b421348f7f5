import { type Instant, type Paging, Refusal } from '@channelling/contract'
import type { Database } from '@channelling/schema'
import { hospital } from '@channelling/schema/catalogue'
import { eq } from 'drizzle-orm'
import { fragment, holdsPart, join, limit, readPage, where } from './page'
import { retireRecord, writeRecord } from './records'

export interface Hospital {
  id: number
  name: string
  code: string
  city: string | null
  phone: string | null
}

/** The hospitals in use, by name. */
export function findHospitals(database: Database, query: string | undefined, paging: Paging) {
  const matching = where([fragment('retired_at IS NULL'), holdsPart(query, 'name', 'code')])
  return readPage<Hospital>(
    database,
    join(
      fragment('SELECT id, name, code, city, phone FROM hospital'),
      matching,
      fragment('ORDER BY name'),
      limit(paging),
    ),
    join(fragment('SELECT count(*) AS total FROM hospital'), matching),
  )
}

export type NewHospital = Omit<Hospital, 'id'>

export interface HospitalRecord extends Hospital {
  retiredAt: Instant | null
}

export async function findHospital(database: Database, id: number): Promise<HospitalRecord> {
  const [found] = await database.read<HospitalRecord>(
    'SELECT id, name, code, city, phone, retired_at AS retiredAt FROM hospital WHERE id = ?',
    [id],
  )
  if (!found) throw new Refusal('hospital_not_found', 'There is no such hospital')
  return found
}

const existing = ({ name, code }: NewHospital, besides: number) => ({
  what: 'a hospital of that name or code',
  query: fragment('SELECT id FROM hospital WHERE (name = ? OR code = ?) AND id <> ? LIMIT 1', name, code, besides),
})

/** @throws Refusal `already_exists` */
export async function addHospital(database: Database, given: NewHospital): Promise<HospitalRecord> {
  const insert = database.query.insert(hospital).values(given).returning({ id: hospital.id })
  const id = await writeRecord(database, [insert], existing(given, 0))
  return findHospital(database, id!)
}

/**
 * Makes the record say what is given; a retired one comes back into use.
 * @throws Refusal `already_exists`, `hospital_not_found`
 */
export async function changeHospital(database: Database, id: number, given: NewHospital): Promise<HospitalRecord> {
  const update = database.query
    .update(hospital)
    .set({ ...given, retiredAt: null })
    .where(eq(hospital.id, id))
    .returning({ id: hospital.id })
  await writeRecord(database, [update], existing(given, id))
  return findHospital(database, id)
}

/** @throws Refusal `in_use` while it has a schedule in use or an open session to come, `hospital_not_found` */
export async function retireHospital(database: Database, id: number, now: Instant): Promise<HospitalRecord> {
  const dependants = fragment(
    `SELECT 1 FROM schedule WHERE hospital_id = ? AND retired_at IS NULL UNION ALL SELECT 1 FROM session
      WHERE hospital_id = ? AND ends_at > ? AND ended_at IS NULL AND cancelled_at IS NULL`,
    id,
    id,
    now,
  )
  await retireRecord(database, { table: 'hospital', id, now, dependants }, 'hospital_not_found')
  return findHospital(database, id)
}
