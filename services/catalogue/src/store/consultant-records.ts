import { type Instant, Refusal } from '@channelling/contract'
import type { Database, Statement } from '@channelling/schema'
import { type Consultant, consultantColumns, consultantOf } from './consultants'
import { fragment } from './page'
import { requireInUse, retireRecord, writeRecord } from './records'

export interface NewConsultant extends Omit<Consultant, 'id' | 'speciality' | 'hospitals'> {
  /** Where they see patients; undefined leaves that as it is. */
  hospitalIds?: number[]
}

export interface ConsultantRecord extends Consultant {
  retiredAt: Instant | null
}

export async function findConsultant(database: Database, id: number): Promise<ConsultantRecord> {
  const [found] = await database.read<Parameters<typeof consultantOf>[0] & Pick<ConsultantRecord, 'retiredAt'>>(
    consultantColumns.replace('SELECT', 'SELECT c.retired_at AS retiredAt,').concat(' WHERE c.id = ?'),
    [id],
  )
  if (!found) throw new Refusal('consultant_not_found', 'There is no such consultant')
  return { ...consultantOf(found), retiredAt: found.retiredAt }
}

const existing = ({ registration }: NewConsultant, besides: number) => ({
  what: 'a consultant of that registration',
  query: fragment('SELECT id FROM consultant WHERE registration = ? AND id <> ?', registration, besides),
})

/** The hospitals named, and no others but those with a schedule of theirs in use. A hospital that is not in use becomes NULL, which is refused. */
const hospitalsOf = ({ registration, hospitalIds }: NewConsultant): Statement[] => {
  if (hospitalIds === undefined) return []
  const ids = JSON.stringify([...new Set(hospitalIds)])
  return [
    {
      sql: `DELETE FROM consultant_hospital WHERE consultant_id = (SELECT id FROM consultant WHERE registration = ?)
        AND hospital_id NOT IN (SELECT value FROM json_each(?)) AND NOT EXISTS (
          SELECT 1 FROM schedule t WHERE t.consultant_id = consultant_hospital.consultant_id
            AND t.hospital_id = consultant_hospital.hospital_id AND t.retired_at IS NULL
        )`,
      args: [registration, ids],
    },
    {
      sql: `INSERT INTO consultant_hospital (consultant_id, hospital_id)
        SELECT c.id, h.id FROM json_each(?) j LEFT JOIN hospital h ON h.id = j.value AND h.retired_at IS NULL
        JOIN consultant c ON c.registration = ? WHERE true ON CONFLICT DO NOTHING`,
      args: [ids, registration],
    },
  ]
}

async function requireReferences(database: Database, { specialityId, hospitalIds = [] }: NewConsultant) {
  await requireInUse(database, 'speciality', specialityId, 'speciality_not_found')
  for (const id of new Set(hospitalIds)) await requireInUse(database, 'hospital', id, 'hospital_not_found')
}

/** @throws Refusal `already_exists`, `speciality_not_found`, `hospital_not_found` */
export async function addConsultant(database: Database, given: NewConsultant): Promise<ConsultantRecord> {
  const { name, title, registration, qualification, specialityId } = given
  const insert = fragment(
    `INSERT INTO consultant (name, title, registration, qualification, speciality_id)
      SELECT ?, ?, ?, ?, id FROM speciality WHERE id = ? AND retired_at IS NULL RETURNING id`,
    name,
    title,
    registration,
    qualification,
    specialityId,
  )
  const id = await writeRecord(database, [insert, ...hospitalsOf(given)], existing(given, 0))
  if (id === undefined) await requireReferences(database, given)
  return findConsultant(database, id!)
}

/**
 * Makes the record say what is given; a retired one comes back into use.
 * @throws Refusal `already_exists`, `consultant_not_found`, `speciality_not_found`, `hospital_not_found`
 */
export async function changeConsultant(
  database: Database,
  id: number,
  given: NewConsultant,
): Promise<ConsultantRecord> {
  const { name, title, registration, qualification, specialityId } = given
  const update = fragment(
    `UPDATE consultant SET name = ?, title = ?, registration = ?, qualification = ?, speciality_id = ?, retired_at = NULL
      WHERE id = ? AND EXISTS (SELECT 1 FROM speciality WHERE id = ? AND retired_at IS NULL) RETURNING id`,
    name,
    title,
    registration,
    qualification,
    specialityId,
    id,
    specialityId,
  )
  await findConsultant(database, id)
  const written = await writeRecord(database, [update, ...hospitalsOf(given)], existing(given, id))
  if (written === undefined) await requireReferences(database, given)
  return findConsultant(database, id)
}

/** @throws Refusal `in_use` while they have a schedule in use or an open session to come, `consultant_not_found` */
export async function retireConsultant(database: Database, id: number, now: Instant): Promise<ConsultantRecord> {
  const dependants = fragment(
    `SELECT 1 FROM schedule WHERE consultant_id = ? AND retired_at IS NULL UNION ALL SELECT 1 FROM session
      WHERE consultant_id = ? AND ends_at > ? AND ended_at IS NULL AND cancelled_at IS NULL`,
    id,
    id,
    now,
  )
  await retireRecord(database, { table: 'consultant', id, now, dependants }, 'consultant_not_found')
  return findConsultant(database, id)
}
