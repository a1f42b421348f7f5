import Sqlite from 'libsql'
import { faultOf } from '../faults'

/** How many faults of one file are told. */
const TOLD_MAX = 5

/** What SQLite finds wrong with a data file that nobody else has open, as sentences that hold no values. */
export function faultsOfFile(path: string): string[] {
  const file = new Sqlite(path)
  try {
    const rows = (sql: string) => file.prepare(sql).raw().all([]) as unknown[][]
    const integrity = rows(`PRAGMA integrity_check(${TOLD_MAX})`).map(([found]) => String(found))
    const orphans = rows('PRAGMA foreign_key_check').map(([table, , parent]) => `${table} refers to no ${parent}`)
    return [...integrity.filter((found) => found !== 'ok'), ...new Set(orphans)].slice(0, TOLD_MAX)
  } catch (error) {
    return [faultOf(error).code]
  } finally {
    file.close()
  }
}
