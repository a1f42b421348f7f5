// by itself: the threads that write load this, and have no use for what else is in the contract
import { Refusal } from '@channelling/contract/refusal'

/** The disk, the file or its writer failed. A constraint, a lock or a faulty statement is none of these. */
const FATAL = /^(SQLITE_(IOERR|FULL|CORRUPT|NOTADB)(_|$)|WRITER_STOPPED$)/

/** What the system, the protocol or we ourselves say when a server does not answer. */
const UNREACHABLE = /^(E[A-Z]+|ConnectionRefused|ConnectionClosed|HRANA_\w+|SERVER_ERROR|TIMEOUT)$/

/** What a libSQL server says of a write that it undid, having let it work for 5 s while others waited, or never began. */
const UNDONE_BY_SERVER = /^TRANSACTION_(TIMEOUT|BUSY)$/

/** A server sends SQLite's primary code alone; which constraint it was, SQLite's own message tells. */
const CONSTRAINTS: [said: RegExp, code: string][] = [
  [/UNIQUE constraint failed/, 'SQLITE_CONSTRAINT_UNIQUE'],
  [/NOT NULL constraint failed/, 'SQLITE_CONSTRAINT_NOTNULL'],
  [/FOREIGN KEY constraint failed/, 'SQLITE_CONSTRAINT_FOREIGNKEY'],
  [/CHECK constraint failed/, 'SQLITE_CONSTRAINT_CHECK'],
  [/cannot store \w+ value/, 'SQLITE_CONSTRAINT_DATATYPE'],
]

const extended = (code: string, message: string) =>
  code === 'SQLITE_CONSTRAINT' ? (CONSTRAINTS.find(([said]) => said.test(message))?.[1] ?? code) : code

/** The database refused or failed a statement. Its message names tables and columns, never values. */
export class DatabaseFault extends Error {
  override readonly name = 'DatabaseFault'

  constructor(
    /** SQLite's extended code, `SQLITE_CONSTRAINT_UNIQUE`. */
    readonly code: string,
    message: string,
    /** `cause`: what it means to whoever called, where that is more than a fault on our side. */
    options?: ErrorOptions,
  ) {
    super(message, options)
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
    return (this.code.startsWith('SQLITE_') && !this.isFatal) || UNDONE_BY_SERVER.test(this.code)
  }

  /** Whether other writers kept it out. */
  get isBusy(): boolean {
    return /^SQLITE_(BUSY|LOCKED)(_|$)/.test(this.code) || UNDONE_BY_SERVER.test(this.code)
  }

  /** Whether it kept others out for so long that the server undid it for them: done again it most likely does. */
  get isTooLong(): boolean {
    return this.code === 'TRANSACTION_TIMEOUT'
  }

  /** Whether a server did not answer; of a write nobody knows then whether it was done. */
  get isUnreachable(): boolean {
    return UNREACHABLE.test(this.code)
  }

  /** Whether nothing can be written any more: what this write left on the disk is unknown, and so is what the next one would. */
  get isFatal(): boolean {
    return FATAL.test(this.code)
  }
}

/** What becomes of a write that follows one that failed. */
export const writeBeforeFailed = () => new DatabaseFault('SQLITE_ABORT', 'The write that this one follows failed')

/** What becomes of a write whose turn came too late: nothing of it is done. */
export const turnTooLate = () => new DatabaseFault('SQLITE_BUSY_TIMEOUT', 'The turn of the write came too late')

/** A fault that says to callers what it means to them: the same for a file and for a server. */
export function told(error: unknown): DatabaseFault {
  const fault = faultOf(error)
  const cause = fault.isUnreachable ? noAnswer() : fault.isBusy ? tooBusy() : undefined
  return cause ? new DatabaseFault(fault.code, fault.message, { cause }) : fault
}

export const noAnswer = () =>
  new Refusal('service_unavailable', 'The database does not answer', { retryAfterSeconds: 1 })

const tooBusy = () => new Refusal('overloaded', 'Others keep the database busy', { retryAfterSeconds: 1 })

/** A fault as the libSQL client threw it, with its code and a message that is safe to log. */
export function faultOf(error: unknown): DatabaseFault {
  if (error instanceof DatabaseFault) return error
  const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error
  if (cause instanceof Error && cause.name === 'TimeoutError')
    return new DatabaseFault('TIMEOUT', 'The database did not answer in time')
  const known = cause as { extendedCode?: unknown; code?: unknown; message?: unknown }
  const code = [known.extendedCode, known.code].find((value) => typeof value === 'string') as string | undefined
  if (!code?.startsWith('SQLITE'))
    return new DatabaseFault(code ?? 'UNKNOWN', 'The database did not answer as it should')
  const message = String(known.message ?? code)
  return new DatabaseFault(extended(code, message), message)
}
