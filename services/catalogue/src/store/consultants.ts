import type { Paging } from '@channelling/contract'
import type { Database } from '@channelling/schema'
import { type Fragment, fragment, holdsPart, join, limit, readPage, where } from './page'

export interface Consultant {
  id: number
  name: string
  title: string | null
  registration: string
  qualification: string | null
  specialityId: number
  speciality: string
  hospitals: { id: number; name: string }[]
}

export interface ConsultantFilter {
  specialityId?: number
  hospitalId?: number
  query?: string
}

/** The hospitals in use come along as one JSON array a consultant, so that a page is one statement. A libSQL server knows no ORDER BY within an aggregate. */
export const consultantColumns = `SELECT c.id, c.name, c.title, c.registration, c.qualification,
  c.speciality_id AS specialityId, p.name AS speciality, (
    SELECT json_group_array(json_object('id', id, 'name', name)) FROM (
      SELECT h.id, h.name FROM consultant_hospital ch JOIN hospital h ON h.id = ch.hospital_id
      WHERE ch.consultant_id = c.id AND h.retired_at IS NULL ORDER BY h.name)
  ) AS hospitals
  FROM consultant c JOIN speciality p ON p.id = c.speciality_id`

const matching = ({ specialityId, hospitalId, query }: ConsultantFilter) =>
  where([
    fragment('c.retired_at IS NULL'),
    specialityId === undefined ? undefined : fragment('c.speciality_id = ?', specialityId),
    hospitalId === undefined
      ? undefined
      : fragment('c.id IN (SELECT consultant_id FROM consultant_hospital WHERE hospital_id = ?)', hospitalId),
    holdsPart(query, "trim(coalesce(c.title, '') || ' ' || c.name)", 'c.registration'),
  ])

export const consultantsPage = (filter: ConsultantFilter, paging: Paging): Fragment =>
  join(fragment(consultantColumns), matching(filter), fragment('ORDER BY c.name, c.id'), limit(paging))

export const consultantOf = (row: Omit<Consultant, 'hospitals'> & { hospitals: string }): Consultant => ({
  ...row,
  hospitals: JSON.parse(row.hospitals) as Consultant['hospitals'],
})

/** The consultants in use, by name. */
export async function findConsultants(database: Database, filter: ConsultantFilter, paging: Paging) {
  const { rows, total } = await readPage<Parameters<typeof consultantOf>[0]>(
    database,
    consultantsPage(filter, paging),
    join(fragment('SELECT count(*) AS total FROM consultant c'), matching(filter)),
  )
  return { rows: rows.map(consultantOf), total }
}
