import type { Instant } from '@channelling/contract'
import { type Database, type JsonRow, rowsOfJson } from '@channelling/schema'
import type { Order } from '../rules/command'
import { countHold, noHolds } from '../rules/holds'
import type { Session } from '../rules/session'
import { noChanges, ofClient, type Patient, placeKey, type StoredAnswer, type World } from '../rules/world'
import type { BookingIds } from './ids'
import type { Kept } from './kept'
import {
  type BookingRow,
  bookingOfRow,
  bookingRow,
  type PatientRow,
  patientJson,
  type SessionRow,
  sessionOfRow,
  sessionRow,
  sessionTables,
} from './rows'

/** What the orders of a group name. */
function namesOf(orders: Order[]) {
  const bookings = new Set<number>()
  const sessions = new Set<number>()
  const patients = new Set<number>()
  const references: { clientId: number; reference: string }[] = []
  const keys: { clientId: number; key: string }[] = []
  const numbers: { sessionId: number; number: number }[] = []
  const swept = new Set<number>()
  const holders = new Set<number>()
  const shares: [clientId: number, sessionId: number][] = []
  let places = 0
  for (const { command, once } of orders) {
    if ('bookingId' in command) bookings.add(command.bookingId)
    if ('sessionId' in command) sessions.add(command.sessionId)
    if (command.kind === 'reserve') {
      places++
      if (command.hold) holders.add(command.caller.clientId)
      patients.add(command.patientId)
      if (command.number !== undefined) numbers.push({ sessionId: command.sessionId, number: command.number })
      if (command.reference !== null) {
        references.push({ clientId: command.caller.clientId, reference: command.reference })
      }
    }
    if ((command.kind === 'reserve' && command.hold) || command.kind === 'reschedule') {
      shares.push([command.caller.clientId, command.sessionId])
    }
    if (command.kind === 'sweep') swept.add(command.sessionId)
    if (once && command.kind !== 'sweep') keys.push({ clientId: command.caller.clientId, key: once.key })
  }
  return {
    bookings: [...bookings],
    sessions: [...sessions],
    patients: [...patients],
    references,
    keys,
    numbers,
    swept: [...swept],
    holders: [...holders],
    shares,
    places,
  }
}

type Names = ReturnType<typeof namesOf>

/** How many bookings of a cancelled session are given up at a time. */
const ORPHANS_MAX = 256

/**
 * A subquery of ids in a column `value`: those named, and those that the bookings named lead to. Without such bookings it is the bare
 * list, which needs no table of its own to be made for it.
 */
function touchedIds(named: number[], column: 'session_id' | 'patient_id', bookings: number[]) {
  const list = JSON.stringify(named)
  if (bookings.length === 0) return { sql: 'SELECT value FROM json_each(?)', args: [list] }
  return {
    sql: `SELECT value FROM json_each(?) UNION SELECT ${column} FROM booking WHERE id IN (SELECT value FROM json_each(?))`,
    args: [list, JSON.stringify(bookings)],
  }
}

/** A reading, and where what it finds belongs in the world. */
interface Reading {
  statement: { sql: string; args: unknown[] }
  into(world: World, rows: never[]): void
}

/**
 * What every group is decided on: its patients, and whether any hold at all ran out and is not swept yet. Mostly it is all that has
 * to be read, so it is one statement of one row, which needs no transaction around it.
 */
function patientsOf(names: Names, known: ReadonlyMap<number, Patient>, now: Instant): Reading {
  const unknown = names.patients.filter((id) => !known.has(id))
  const touched = touchedIds(unknown, 'patient_id', names.bookings)
  return {
    statement: {
      sql: `SELECT (SELECT json_group_array(${patientJson}) FROM (${touched.sql}) touched JOIN patient p ON p.id = touched.value)
          AS patients,
        EXISTS (SELECT 1 FROM booking INDEXED BY booking_by_expiry WHERE status = 'PENDING' AND expires_at <= ?) AS anyRanOut`,
      args: [...touched.args, now],
    },
    into: ({ patients }, [row]: PatientsRow[]) => {
      for (const { id, name, foreigner } of JSON.parse(row!.patients) as PatientRow[]) {
        patients.set(id, { id, name, foreigner: foreigner === 1 })
      }
    },
  }
}

interface PatientsRow {
  /** JSON array of `PatientRow`. */
  patients: string
  /** 0 or 1. */
  anyRanOut: number
}

/** The holds that ran out in the sessions touched. */
function ranOutIn(names: Names, now: Instant): Reading {
  const touched = touchedIds(names.sessions, 'session_id', names.bookings)
  return {
    statement: {
      sql: `SELECT ${bookingRow} FROM (${touched.sql}) touched JOIN booking b INDEXED BY booking_held
        WHERE b.status = 'PENDING' AND b.session_id = touched.value AND b.expires_at <= ?`,
      args: [...touched.args, now],
    },
    into: putBookings,
  }
}

/** Only what the orders name is read: what they do not name costs no statement. */
function readingsFor(
  names: Names,
  known: ReadonlyMap<number, Session>,
  holdsPerClient: number,
  now: Instant,
): Reading[] {
  const unknown = names.sessions.filter((id) => !known.has(id))
  const unread = touchedIds(unknown, 'session_id', names.bookings)
  const bookingIds = JSON.stringify(names.bookings)
  const readings: Reading[] = []
  if (unknown.length > 0 || names.bookings.length > 0) {
    readings.push({
      statement: {
        sql: `SELECT ${sessionRow} FROM (${unread.sql}) touched JOIN ${sessionTables} WHERE s.id = touched.value`,
        args: unread.args,
      },
      into: ({ sessions }, rows: JsonRow[]) => {
        for (const row of rowsOfJson<SessionRow>(rows)) sessions.set(row.id, sessionOfRow(row))
      },
    })
  }
  if (names.bookings.length > 0) {
    readings.push({
      statement: {
        sql: `SELECT ${bookingRow} FROM booking b WHERE b.id IN (SELECT value FROM json_each(?))`,
        args: [bookingIds],
      },
      into: putBookings,
    })
  }
  if (names.swept.length > 0) {
    // all living statuses are named, since only then the index of living numbers serves
    readings.push({
      statement: {
        sql: `SELECT ${bookingRow} FROM booking b INDEXED BY booking_number JOIN session s ON s.id = b.session_id
          WHERE b.session_id IN (SELECT value FROM json_each(?)) AND s.cancelled_at IS NOT NULL
          AND b.status IN ('PENDING', 'ACTIVE', 'COMPLETED', 'ABSENT') AND b.status IN ('PENDING', 'ACTIVE') LIMIT ${ORPHANS_MAX}`,
        args: [JSON.stringify(names.swept)],
      },
      into: putBookings,
    })
  }
  if (names.references.length > 0) {
    readings.push({
      statement: {
        sql: `SELECT b.client_id AS clientId, b.reference FROM json_each(?) j
          JOIN booking b ON b.client_id = j.value ->> 'clientId' AND b.reference = j.value ->> 'reference'`,
        args: [JSON.stringify(names.references)],
      },
      into: ({ references }, rows: { clientId: number; reference: string }[]) => {
        for (const { clientId, reference } of rows) references.add(ofClient(clientId, reference))
      },
    })
  }
  if (names.keys.length > 0) {
    readings.push({
      statement: {
        sql: `SELECT a.client_id AS clientId, a.key, a.fingerprint, a.outcome FROM json_each(?) j
          JOIN answer a ON a.client_id = j.value ->> 'clientId' AND a.key = j.value ->> 'key'`,
        args: [JSON.stringify(names.keys)],
      },
      into: ({ answers }, rows: StoredAnswer[]) => {
        for (const answer of rows) answers.set(ofClient(answer.clientId, answer.key), answer)
      },
    })
  }
  if (names.numbers.length > 0) {
    readings.push({
      statement: {
        sql: `SELECT b.session_id AS sessionId, b.number, b.id FROM json_each(?) j
          JOIN booking b ON b.session_id = j.value ->> 'sessionId' AND b.number = j.value ->> 'number'
          WHERE b.status IN ('PENDING', 'ACTIVE', 'COMPLETED', 'ABSENT')`,
        args: [JSON.stringify(names.numbers)],
      },
      into: ({ numbersTaken }, rows: { sessionId: number; number: number; id: number }[]) => {
        for (const { sessionId, number, id } of rows) numbersTaken.set(placeKey(sessionId, number), id)
      },
    })
  }
  if (names.holders.length > 0 && holdsPerClient > 0) {
    readings.push({
      statement: {
        sql: `SELECT ${hold} FROM json_each(?) j JOIN booking b INDEXED BY booking_by_holder
          ON b.client_id = j.value AND ${live}`,
        args: [JSON.stringify(names.holders), now],
      },
      into: putHolds,
    })
  }
  if (names.shares.length > 0) {
    readings.push({
      statement: {
        // a session without an end of places has no share to be counted
        sql: `SELECT ${hold} FROM json_each(?) j JOIN seat t ON t.session_id = j.value ->> 1 AND t.capacity > 0
          JOIN booking b INDEXED BY booking_by_holder
          ON b.client_id = j.value ->> 0 AND b.session_id = t.session_id AND ${live}`,
        args: [JSON.stringify(names.shares), now],
      },
      into: putHolds,
    })
  }
  return readings
}

/** Of a live hold, what the index alone has. */
const hold = 'b.id, b.client_id AS clientId, b.session_id AS sessionId'

/** What makes a hold live at a moment. A cancelled session has given its holds up, whether or not that is written down yet. */
const live = `b.status = 'PENDING' AND b.expires_at > ? JOIN session s ON s.id = b.session_id AND s.cancelled_at IS NULL`

function putHolds({ holds }: World, rows: { id: number; clientId: number; sessionId: number }[]): void {
  for (const row of rows) countHold(holds, { ...row, status: 'PENDING' })
}

function putBookings({ bookings }: World, rows: JsonRow[]): void {
  for (const row of rowsOfJson<BookingRow>(rows)) bookings.set(row.id, bookingOfRow(row))
}

/** Reads everything that the orders touch, as of one moment, with set-based statements only. */
export async function load(
  database: Database,
  orders: Order[],
  { ids, kept, holdsPerClient }: { ids: BookingIds; kept: Kept; holdsPerClient: number },
  now: Instant,
): Promise<World> {
  const names = namesOf(orders)
  const sessions = found(names.sessions, kept.session)
  const patients = found(names.patients, kept.patient)
  const first = patientsOf(names, patients, now)
  const others = readingsFor(names, sessions, holdsPerClient, now)
  const world: World = {
    sessions,
    bookings: new Map(),
    patients,
    references: new Set(),
    numbersTaken: new Map(),
    holds: noHolds(),
    answers: new Map(),
    nextId: await ids.setAside(names.places),
    changes: noChanges(),
  }
  const readAll = (readings: Reading[]) => database.readAll(readings.map(({ statement }) => statement))
  let readings = [first, ...others]
  let read = await readAll(readings)
  if ((read[0] as unknown as PatientsRow[])[0]!.anyRanOut) {
    // all of it again, so that it is of one moment
    readings = [...readings, ranOutIn(names, now)]
    read = await readAll(readings)
  }
  readings.forEach(({ into }, index) => {
    into(world, read[index] as never[])
  })
  return world
}

/** What is known of those named, by id. */
function found<Named extends { id: number }>(
  ids: number[],
  find: (id: number) => Named | undefined,
): Map<number, Named> {
  return new Map(ids.flatMap((id) => find(id) ?? []).map((one) => [one.id, one]))
}
