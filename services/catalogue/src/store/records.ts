import { type Reason, Refusal } from '@channelling/contract'
import { type Database, DatabaseFault, type Statement } from '@channelling/schema'
import type { Fragment } from './page'

/**
 * Writes one record with what belongs to it; the first statement says by RETURNING which. Undefined: there was nothing to
 * write it to or from, or something it needs is not there.
 * @throws Refusal `already_exists` with the record that `existing` finds
 */
export async function writeRecord(
  database: Database,
  statements: Statement[],
  existing: { what: string; query: Fragment },
): Promise<number | undefined> {
  try {
    const [written] = await database.write(statements)
    return written!.rows[0]?.id as number | undefined
  } catch (error) {
    if (!(error instanceof DatabaseFault && error.isConstraint)) throw error
    if (!error.isDuplicate()) return undefined
    const [there] = await database.read<{ id: number }>(existing.query.sql, existing.query.args)
    if (!there) throw error
    throw new Refusal('already_exists', `There is ${existing.what} already`, { existing: { id: there.id } })
  }
}

/** Whether the table has the record, and it is not retired. */
export async function isInUse(database: Database, table: RecordTable, id: number): Promise<boolean> {
  return (await database.read(`SELECT 1 FROM ${table} WHERE id = ? AND retired_at IS NULL`, [id])).length > 0
}

export type RecordTable = 'speciality' | 'hospital' | 'consultant' | 'schedule'

/** @throws Refusal the reason given, unless the record is there and in use */
export async function requireInUse(database: Database, table: RecordTable, id: number, reason: Reason): Promise<void> {
  if (!(await isInUse(database, table, id))) throw new Refusal(reason, `There is no such ${table}`)
}

/**
 * Takes a record out of use; it is never erased, and retiring it again does nothing.
 * @param dependants a SELECT that has rows while something in use depends on it
 * @throws Refusal `in_use`, or the reason given where there is no such record
 */
export async function retireRecord(
  database: Database,
  { table, id, now, dependants }: { table: RecordTable; id: number; now: number; dependants?: Fragment },
  reason: Reason,
): Promise<void> {
  const [written] = await database.write([
    {
      sql: `UPDATE ${table} SET retired_at = coalesce(retired_at, ?) WHERE id = ?
        ${dependants ? `AND (retired_at IS NOT NULL OR NOT EXISTS (${dependants.sql}))` : ''}`,
      args: [now, id, ...(dependants?.args ?? [])],
    },
  ])
  if (written!.changes > 0) return
  const [there] = await database.read(`SELECT 1 FROM ${table} WHERE id = ?`, [id])
  if (!there) throw new Refusal(reason, `There is no such ${table}`)
  throw new Refusal('in_use', `Something in use still depends on this ${table}`)
}
