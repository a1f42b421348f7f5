import { dirname } from 'node:path'
import { faultOf } from '../faults'

/** A data file that cannot be used as it is; the message names it, and says what to do. */
export class DataUnusable extends Error {
  override readonly name = 'DataUnusable'
}

const whys: [of: RegExp, why: (path: string) => string][] = [
  [
    /^SQLITE_(CORRUPT|NOTADB)(_|$)/,
    (path) => `The data file ${path} is damaged, or no database: restore a backup (docs/operations.md)`,
  ],
  [
    /^SQLITE_CANTOPEN(_|$)/,
    (path) =>
      `The folder ${dirname(path)} cannot be written to: let the user that this runs as do so, or name another (DATA_DIR)`,
  ],
  [/^EISDIR$/, (path) => `${path} is a folder, and the data is a file: name one in it, as ${path}/channelling.db`],
]

/** What a fault of a data file means to whoever named it; the fault itself where that is told by nothing but its code. */
export function unusable(path: string, error: unknown): unknown {
  const { code } = faultOf(error)
  const why = whys.find(([of]) => of.test(code))?.[1]
  return why ? new DataUnusable(why(path)) : error
}
