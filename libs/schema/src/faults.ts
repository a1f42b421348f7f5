/** The disk, the file or its writer failed. A constraint, a lock or a faulty statement is none of these. */
const FATAL = /^(SQLITE_(IOERR|FULL|CORRUPT|NOTADB)(_|$)|WRITER_STOPPED$)/

/** The database refused or failed a statement. Its message names tables and columns, never values. */
export class DatabaseFault extends Error {
  override readonly name = 'DatabaseFault'

  constructor(
    /** SQLite's extended code, `SQLITE_CONSTRAINT_UNIQUE`. */
    readonly code: string,
    message: string,
  ) {
    super(message)
  }

  /** Whether a UNIQUE constraint over this column (`patient.nic_key`) or index refused it. */
  isDuplicate(of?: string): boolean {
    const unique = this.code === 'SQLITE_CONSTRAINT_UNIQUE' || this.code === 'SQLITE_CONSTRAINT_PRIMARYKEY'
    return unique && (of === undefined || this.message.includes(of))
  }

  get isConstraint(): boolean {
    return this.code.startsWith('SQLITE_CONSTRAINT')
  }

  /** Whether the statement was refused and undone; of other faults nobody knows how far it came. */
  get isUndone(): boolean {
    return this.code.startsWith('SQLITE_') && !this.isFatal
  }

  /** Whether nothing can be written any more: what this write left on the disk is unknown, and so is what the next one would. */
  get isFatal(): boolean {
    return FATAL.test(this.code)
  }
}

/** What becomes of a write that follows one that failed. */
export const writeBeforeFailed = () => new DatabaseFault('SQLITE_ABORT', 'The write that this one follows failed')

/** A fault as the libSQL client threw it, with its code and a message that is safe to log. */
export function faultOf(error: unknown): DatabaseFault {
  if (error instanceof DatabaseFault) return error
  const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error
  const known = cause as { extendedCode?: unknown; code?: unknown; message?: unknown }
  const code = [known.extendedCode, known.code].find((value) => typeof value === 'string') as string | undefined
  if (!code?.startsWith('SQLITE'))
    return new DatabaseFault(code ?? 'UNKNOWN', 'The database did not answer as it should')
  return new DatabaseFault(code, String(known.message ?? code))
}
