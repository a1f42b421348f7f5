import type { Paging } from '@channelling/contract'
import type { Database } from '@channelling/schema'
import { fragment, holdsPart, join, limit, readPage, where } from './page'

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
