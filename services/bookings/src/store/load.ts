import type { Instant } from '@channelling/contract'
import type { Database } from '@channelling/schema'
import type { Order } from '../rules/command'
import { noChanges, ofClient, placeKey, type StoredAnswer, type World } from '../rules/world'
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
  const numbers: { sessionId: number; number: number }[] = []
  const swept = new Set<number>()
  let places = 0
  for (const { command, once } of orders) {
    if ('bookingId' in command) bookings.add(command.bookingId)
    if ('sessionId' in command) sessions.add(command.sessionId)
    if (command.kind === 'reserve') {
      places++
      patients.add(command.patientId)
      if (command.number !== undefined) numbers.push({ sessionId: command.sessionId, number: command.number })
      if (command.reference !== null) {
        references.push({ clientId: command.caller.clientId, reference: command.reference })
      }
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
    places,
  }
}

/** The sessions named, and those of the bookings named. Takes two JSON arrays of ids. */
const touchedSessions = `SELECT value FROM json_each(?) UNION SELECT session_id FROM booking WHERE id IN (SELECT value FROM json_each(?))`

/** How many bookings of a cancelled session are given up at a time. */
const ORPHANS_MAX = 256

/** A reading, and where what it finds belongs in the world. */
interface Reading {
  statement: { sql: string; args: unknown[] }
  into(world: World, rows: never[]): void
}

/** Only what the orders name is read: what they do not name costs no statement. */
function readingsFor(names: ReturnType<typeof namesOf>, now: Instant): Reading[] {
  const bookingIds = JSON.stringify(names.bookings)
  const sessionIds = JSON.stringify(names.sessions)
  const readings: Reading[] = [
    {
      statement: {
        sql: `SELECT ${sessionColumns} FROM ${sessionTables} WHERE s.id IN (${touchedSessions})`,
        args: [sessionIds, bookingIds],
      },
      into: ({ sessions }, rows: SessionRow[]) => {
        for (const row of rows) sessions.set(row.id, sessionOfRow(row))
      },
    },
    {
      // what ran out is looked for among all holds that ran out: there are few, since they are swept every second
      statement: {
        sql: `SELECT ${bookingColumns} FROM booking b INDEXED BY booking_by_expiry
          WHERE b.status = 'PENDING' AND b.expires_at <= ? AND b.session_id IN (${touchedSessions})`,
        args: [now, sessionIds, bookingIds],
      },
      into: putBookings,
    },
    {
      statement: {
        sql: `SELECT id, name, foreigner FROM patient WHERE id IN (
          SELECT value FROM json_each(?) UNION SELECT patient_id FROM booking WHERE id IN (SELECT value FROM json_each(?)))`,
        args: [JSON.stringify(names.patients), bookingIds],
      },
      into: ({ patients }, rows: { id: number; name: string; foreigner: number }[]) => {
        for (const { id, name, foreigner } of rows) patients.set(id, { id, name, foreigner: foreigner === 1 })
      },
    },
  ]
  if (names.bookings.length > 0) {
    readings.push({
      statement: {
        sql: `SELECT ${bookingColumns} FROM booking b WHERE b.id IN (SELECT value FROM json_each(?))`,
        args: [bookingIds],
      },
      into: putBookings,
    })
  }
  if (names.swept.length > 0) {
    readings.push({
      statement: {
        sql: `SELECT ${bookingColumns} FROM booking b JOIN session s ON s.id = b.session_id
          WHERE b.session_id IN (SELECT value FROM json_each(?)) AND s.cancelled_at IS NOT NULL
          AND b.status IN ('PENDING', 'ACTIVE') LIMIT ${ORPHANS_MAX}`,
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
        sql: `SELECT b.session_id AS sessionId, b.number FROM json_each(?) j
          JOIN booking b ON b.session_id = j.value ->> 'sessionId' AND b.number = j.value ->> 'number'
          WHERE b.status IN ('PENDING', 'ACTIVE', 'COMPLETED', 'ABSENT')`,
        args: [JSON.stringify(names.numbers)],
      },
      into: ({ numbersTaken }, rows: { sessionId: number; number: number }[]) => {
        for (const { sessionId, number } of rows) numbersTaken.add(placeKey(sessionId, number))
      },
    })
  }
  return readings
}

function putBookings({ bookings }: World, rows: BookingRow[]): void {
  for (const row of rows) bookings.set(row.id, bookingOfRow(row))
}

/** Reads everything that the orders touch, as of one moment, with set-based statements only. */
export async function load(database: Database, orders: Order[], ids: BookingIds, now: Instant): Promise<World> {
  const names = namesOf(orders)
  const readings = readingsFor(names, now)
  const world: World = {
    sessions: new Map(),
    bookings: new Map(),
    patients: new Map(),
    references: new Set(),
    numbersTaken: new Set(),
    answers: new Map(),
    nextId: await ids.setAside(names.places),
    changes: noChanges(),
  }
  const found = await database.readAll(readings.map(({ statement }) => statement))
  readings.forEach(({ into }, index) => {
    into(world, found[index] as never[])
  })
  return world
}
