import type { Instant } from '@channelling/contract'
import type { Database, Statement } from '@channelling/schema'
import type { Order } from '../rules/command'
import { noChanges, ofClient, type Patient, type StoredAnswer, type World } from '../rules/world'
import type { BookingIds } from './ids'
import {
  type BookingRow,
  bookingColumns,
  bookingOfRow,
  type SessionRow,
  sessionColumns,
  sessionOfRow,
  sessionTables,
} from './rows'

/** What the orders of a group name. */
function namesOf(orders: Order[]) {
  const bookings = new Set<number>()
  const sessions = new Set<number>()
  const patients = new Set<number>()
  const references: { clientId: number; reference: string }[] = []
  const keys: { clientId: number; key: string }[] = []
  let places = 0
  for (const { command, once } of orders) {
    if ('bookingId' in command) bookings.add(command.bookingId)
    if ('sessionId' in command) sessions.add(command.sessionId)
    if (command.kind === 'reserve') {
      places++
      patients.add(command.patientId)
      if (command.reference !== null) {
        references.push({ clientId: command.caller.clientId, reference: command.reference })
      }
    }
    if (once && command.kind !== 'sweep') keys.push({ clientId: command.caller.clientId, key: once.key })
  }
  return { bookings: [...bookings], sessions: [...sessions], patients: [...patients], references, keys, places }
}

/** The sessions named, and those of the bookings named. Takes two JSON arrays of ids. */
const touchedSessions = `SELECT value FROM json_each(?) UNION SELECT session_id FROM booking WHERE id IN (SELECT value FROM json_each(?))`

/** Reads everything that the orders touch, as of one moment, with set-based statements only. */
export async function load(database: Database, orders: Order[], ids: BookingIds, now: Instant): Promise<World> {
  const names = namesOf(orders)
  const bookingIds = JSON.stringify(names.bookings)
  const sessionIds = JSON.stringify(names.sessions)
  const statements: Statement[] = [
    {
      sql: `SELECT ${sessionColumns} FROM ${sessionTables} WHERE s.id IN (${touchedSessions})`,
      args: [sessionIds, bookingIds],
    },
    {
      sql: `SELECT ${bookingColumns} FROM booking b WHERE b.id IN (SELECT value FROM json_each(?))
        UNION SELECT ${bookingColumns} FROM booking b INDEXED BY booking_by_expiry
        WHERE b.status = 'PENDING' AND b.expires_at <= ? AND b.session_id IN (${touchedSessions})`,
      args: [bookingIds, now, sessionIds, bookingIds],
    },
    {
      sql: `SELECT id, name, foreigner FROM patient WHERE id IN (
        SELECT value FROM json_each(?) UNION SELECT patient_id FROM booking WHERE id IN (SELECT value FROM json_each(?)))`,
      args: [JSON.stringify(names.patients), bookingIds],
    },
    {
      sql: `SELECT b.client_id AS clientId, b.reference FROM json_each(?) j
        JOIN booking b ON b.client_id = j.value ->> 'clientId' AND b.reference = j.value ->> 'reference'`,
      args: [JSON.stringify(names.references)],
    },
    {
      sql: `SELECT a.client_id AS clientId, a.key, a.fingerprint, a.outcome FROM json_each(?) j
        JOIN answer a ON a.client_id = j.value ->> 'clientId' AND a.key = j.value ->> 'key'`,
      args: [JSON.stringify(names.keys)],
    },
  ]
  const nextId = await ids.setAside(names.places)
  const [sessions, bookings, patients, references, answers] = (await database.readAll(statements)) as unknown as [
    SessionRow[],
    BookingRow[],
    { id: number; name: string; foreigner: number }[],
    { clientId: number; reference: string }[],
    StoredAnswer[],
  ]
  return {
    sessions: new Map(sessions.map((row) => [row.id, sessionOfRow(row)])),
    bookings: new Map(bookings.map((row) => [row.id, bookingOfRow(row)])),
    patients: new Map(
      patients.map(({ id, name, foreigner }): [number, Patient] => [id, { id, name, foreigner: foreigner === 1 }]),
    ),
    references: new Set(references.map(({ clientId, reference }) => ofClient(clientId, reference))),
    answers: new Map(answers.map((answer) => [ofClient(answer.clientId, answer.key), answer])),
    nextId,
    changes: noChanges(),
  }
}
