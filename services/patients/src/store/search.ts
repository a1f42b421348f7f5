import type { Paging } from '@channelling/contract'
import type { Database } from '@channelling/schema'
import { patient } from '@channelling/schema/patients'
import { and, asc, count, eq, or, type SQL, sql } from 'drizzle-orm'
import type { Likeness } from '../rules/criteria'
import { type Patient, type PatientRow, patientOf } from './patient-row'

/**
 * A page of the patients who are like at least one of each list, by name. Everything but a part of a name is found through
 * an index; for a part of a name alone all names are read.
 */
export async function searchPatients(
  database: Database,
  wanted: Likeness[][],
  { page, size }: Paging,
): Promise<{ patients: Patient[]; total: number }> {
  if (wanted.some((alternatives) => alternatives.length === 0)) return { patients: [], total: 0 }
  const [rows, totals] = await database.readAll(searchStatements(database, wanted, { page, size }))
  return {
    patients: (rows as unknown as PatientRow[]).map(patientOf),
    total: (totals as [{ total: number }])[0].total,
  }
}

/** The page, and the count of all pages. */
export function searchStatements({ query }: Pick<Database, 'query'>, wanted: Likeness[][], { page, size }: Paging) {
  const where = and(...wanted.map((alternatives) => or(...alternatives.map(condition))))
  return [
    query
      .select()
      .from(patient)
      .where(where)
      .orderBy(asc(patient.nameKey), asc(patient.id))
      .limit(size)
      .offset(page * size),
    query
      .select({ total: count().as('total') })
      .from(patient)
      .where(where),
  ]
}

// `instr`, unlike LIKE, has no wildcards to escape
const condition = ({ of, is }: Likeness): SQL =>
  of === 'namePart' ? sql`instr(${patient.nameKey}, ${is}) > 0` : eq(patient[of], is)
