import type { Paging } from '@channelling/contract'
import type { Database } from '@channelling/schema'
import { fragment, holdsPart, join, limit, readPage, where } from './page'

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
