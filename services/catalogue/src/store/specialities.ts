import { type Instant, type Paging, Refusal } from '@channelling/contract'
import type { Database } from '@channelling/schema'
import { speciality } from '@channelling/schema/catalogue'
import { eq } from 'drizzle-orm'
import { fragment, holdsPart, join, limit, readPage, where } from './page'
import { retireRecord, writeRecord } from './records'

export interface Speciality {
  id: number
  name: string
  code: string
  description: string | null
}

/** The specialities in use, by name. */
export function findSpecialities(database: Database, query: string | undefined, paging: Paging) {
  const matching = where([fragment('retired_at IS NULL'), holdsPart(query, 'name', 'code')])
  return readPage<Speciality>(
    database,
    join(
      fragment('SELECT id, name, code, description FROM speciality'),
      matching,
      fragment('ORDER BY name'),
      limit(paging),
    ),
    join(fragment('SELECT count(*) AS total FROM speciality'), matching),
  )
}

export type NewSpeciality = Omit<Speciality, 'id'>

export interface SpecialityRecord extends Speciality {
  retiredAt: Instant | null
}

export async function findSpeciality(database: Database, id: number): Promise<SpecialityRecord> {
  const [found] = await database.read<SpecialityRecord>(
    'SELECT id, name, code, description, retired_at AS retiredAt FROM speciality WHERE id = ?',
    [id],
  )
  if (!found) throw new Refusal('speciality_not_found', 'There is no such speciality')
  return found
}

const existing = ({ name, code }: NewSpeciality, besides: number) => ({
  what: 'a speciality of that name or code',
  query: fragment('SELECT id FROM speciality WHERE (name = ? OR code = ?) AND id <> ? LIMIT 1', name, code, besides),
})

/** @throws Refusal `already_exists` */
export async function addSpeciality(database: Database, given: NewSpeciality): Promise<SpecialityRecord> {
  const insert = database.query.insert(speciality).values(given).returning({ id: speciality.id })
  const id = await writeRecord(database, [insert], existing(given, 0))
  return findSpeciality(database, id!)
}

/**
 * Makes the record say what is given; a retired one comes back into use.
 * @throws Refusal `already_exists`, `speciality_not_found`
 */
export async function changeSpeciality(
  database: Database,
  id: number,
  given: NewSpeciality,
): Promise<SpecialityRecord> {
  const update = database.query
    .update(speciality)
    .set({ ...given, retiredAt: null })
    .where(eq(speciality.id, id))
    .returning({ id: speciality.id })
  await writeRecord(database, [update], existing(given, id))
  return findSpeciality(database, id)
}

/** @throws Refusal `in_use` while a consultant of it is in use, `speciality_not_found` */
export async function retireSpeciality(database: Database, id: number, now: Instant): Promise<SpecialityRecord> {
  const dependants = fragment('SELECT 1 FROM consultant WHERE speciality_id = ? AND retired_at IS NULL', id)
  await retireRecord(database, { table: 'speciality', id, now, dependants }, 'speciality_not_found')
  return findSpeciality(database, id)
}
