import { SQLiteError, Database as Sqlite } from 'bun:sqlite'
import { copyFileSync, existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Database, open } from '@channelling/schema'
import { everyRow } from './every-row'
import type { Server } from './server'

export interface SessionRow {
  id: number
  capacity: number
  starting_number: number
  /** JSON array. */
  reserved_numbers: string
  taken: number
  next_number: number
  /** JSON array. */
  released: string
}

export interface BookingRow {
  id: number
  session_id: number
  number: number
  status: string
  client_id: number
  patient_id: number
  reference: string | null
}

export interface EventRow {
  seq: number
  type: string
  session_id: number
  booking_id: number
  /** JSON. */
  payload: string
}

/** What the database says of places, bookings and their history. */
export interface Books {
  /** What SQLite says of the file itself: `ok`. */
  integrity: string
  sessions: SessionRow[]
  bookings: BookingRow[]
  events: EventRow[]
}

const places = `SELECT id, seat.capacity, starting_number, reserved_numbers, taken, next_number, released
  FROM session JOIN seat ON seat.session_id = session.id`
const bookings = `SELECT id, session_id, number, status, client_id, patient_id, reference FROM booking`
const events = 'SELECT seq, type, session_id, booking_id, payload FROM event WHERE booking_id IS NOT NULL'

/** The last booking and the last event that there were at some moment. */
export interface Since {
  booking: number
  event: number
}

/** Reads the books of some sessions while they are kept, as far as they were written since a moment when nothing was booked in them. */
export async function readOpenBooks(database: Database, sessionIds: number[], since: Since): Promise<Books> {
  const [sessionRows, bookingRows, eventRows] = (await database.readAll([
    { sql: `${places} WHERE id IN (SELECT value FROM json_each(?)) ORDER BY id`, args: [JSON.stringify(sessionIds)] },
    { sql: `${bookings} WHERE id > ? ORDER BY id`, args: [since.booking] },
    { sql: `${events} AND seq > ? ORDER BY seq`, args: [since.event] },
  ])) as unknown as [SessionRow[], BookingRow[], EventRow[]]
  return { integrity: 'ok', sessions: sessionRows, bookings: bookingRows, events: eventRows }
}

/**
 * Reads the books of a server that does not run, wherever they are kept: its file, or the libSQL server that its services share and that
 * runs on.
 */
export async function booksOf({ dataDir, services }: Pick<Server, 'dataDir' | 'services'>): Promise<Books> {
  if (!services) return readBooks(dataDir)
  const database = await open({ url: services.database.url })
  try {
    const checked = await database.read<{ integrity_check: string }>(
      'SELECT integrity_check FROM pragma_integrity_check',
    )
    return {
      integrity: checked.map((row) => row.integrity_check).join(),
      sessions: await everyRow<SessionRow>(database, `${places} ORDER BY id`),
      bookings: await everyRow<BookingRow>(database, `${bookings} ORDER BY id`),
      events: await everyRow<EventRow>(database, `${events} ORDER BY seq`),
    }
  } finally {
    await database.close()
  }
}

/**
 * Reads the books of a server that does not run, as whoever pulls its disk would: from a copy, so that the recovery after a
 * crash is left to the server. `beforehand` is done to the copy first.
 */
export function readBooks(dataDir: string, beforehand?: (copy: Sqlite) => void): Books {
  const folder = mkdtempSync(join(tmpdir(), 'books-'))
  try {
    for (const name of ['channelling.db', 'channelling.db-wal']) {
      if (existsSync(join(dataDir, name))) copyFileSync(join(dataDir, name), join(folder, name))
    }
    const copy = new Sqlite(join(folder, 'channelling.db'))
    try {
      beforehand?.(copy)
      const rows = <Row>(sql: string) => copy.query(sql).all() as Row[]
      return {
        integrity: rows<{ integrity_check: string }>('PRAGMA integrity_check')
          .map((row) => row.integrity_check)
          .join(),
        sessions: rows<SessionRow>(`${places} ORDER BY id`),
        bookings: rows<BookingRow>(`${bookings} ORDER BY id`),
        events: rows<EventRow>(`${events} ORDER BY seq`),
      }
    } catch (error) {
      // nothing can be read of it then, and nothing is there that was promised
      if (!isDamage(error)) throw error
      return { integrity: error.message, sessions: [], bookings: [], events: [] }
    } finally {
      copy.close()
    }
  } finally {
    rmSync(folder, { recursive: true })
  }
}

const isDamage = (error: unknown): error is SQLiteError =>
  error instanceof SQLiteError && (error.code === 'SQLITE_CORRUPT' || error.code === 'SQLITE_NOTADB')

const live = new Set(['PENDING', 'ACTIVE', 'COMPLETED', 'ABSENT'])

/** Everything in the books that cannot be, each as a sentence; none when they are right. */
export function faultsIn(books: Books): string[] {
  const faults = books.integrity === 'ok' ? [] : [`the file is damaged: ${books.integrity}`]
  const bookingsOf = Map.groupBy(books.bookings, ({ session_id }) => session_id)
  const eventsOf = Map.groupBy(books.events, ({ booking_id }) => booking_id)
  for (const session of books.sessions) faults.push(...faultsOfPlaces(session, bookingsOf.get(session.id) ?? []))
  for (const booking of books.bookings) faults.push(...faultsOfHistory(booking, eventsOf.get(booking.id) ?? []))
  const known = new Set(books.bookings.map(({ id }) => id))
  for (const id of eventsOf.keys())
    if (!known.has(id)) faults.push(`an event tells of booking ${id}, which is not there`)
  return faults
}

function faultsOfPlaces(session: SessionRow, bookings: BookingRow[]): string[] {
  const name = `session ${session.id}`
  const faults: string[] = []
  const numbers = bookings.filter(({ status }) => live.has(status)).map(({ number }) => number)
  if (session.taken !== numbers.length) faults.push(`${name} counts ${session.taken} taken, has ${numbers.length}`)
  if (session.capacity > 0 && numbers.length > session.capacity) {
    faults.push(`${name} holds ${numbers.length}, more than ${session.capacity}`)
  }
  for (const [number, among] of Map.groupBy(numbers, (one) => one)) {
    if (among.length > 1) faults.push(`${name} gave number ${number} to ${among.length} at a time`)
  }
  const reserved = new Set(JSON.parse(session.reserved_numbers) as number[])
  const released = JSON.parse(session.released) as number[]
  // a reserved number may be given on purpose, and stays out of the row
  const inRow = numbers.filter((number) => !reserved.has(number))
  const accounted = [...inRow, ...released].sort((a, b) => a - b).join()
  const given: number[] = []
  for (let number = session.starting_number; number < session.next_number; number++) {
    if (!reserved.has(number)) given.push(number)
  }
  if (accounted !== given.join()) faults.push(`${name} has numbers that are neither taken nor free, or both`)
  return faults
}

interface Told {
  fromStatus?: string
  toStatus?: string
  number?: number
  fromNumber?: number
  fromSessionId?: number
}

/** Tells a booking's life from its events alone: every transition has one, and they end where the booking is. */
function faultsOfHistory(booking: BookingRow, events: EventRow[]): string[] {
  const name = `booking ${booking.id}`
  const [first, ...rest] = events.map(({ payload, ...event }) => ({ ...event, told: JSON.parse(payload) as Told }))
  if (!first) return [`${name} has no event`]
  const begins = { 'booking.held': 'PENDING', 'booking.completed': 'ACTIVE' }[first.type]
  if (!begins || first.told.fromStatus || first.told.toStatus !== begins) return [`${name} begins with ${first.type}`]

  let now = { session: first.session_id, number: first.told.number, status: begins }
  for (const { type, session_id, told } of rest) {
    const leads = transitions[type]
    if (!leads?.from.includes(now.status)) return [`${name} is ${now.status} and then ${type}`]
    if (type === 'booking.rescheduled') {
      if (told.fromSessionId !== now.session || told.fromNumber !== now.number) {
        return [`${name} moves from where it is not`]
      }
      now = { ...now, session: session_id, number: told.number }
    } else {
      if (told.fromStatus !== now.status || session_id !== now.session) return [`${name} has a gap before ${type}`]
      now = { ...now, status: leads.to.find((status) => status === told.toStatus) ?? now.status }
    }
    if (told.toStatus !== now.status) return [`${name} is ${told.toStatus} after ${type}`]
  }
  const { session_id, number, status } = booking
  const ends = now.session === session_id && now.number === number && now.status === status
  return ends ? [] : [`${name} is not where its events end`]
}

/** From where each kind of event can come, and where it leads; none where it leaves the status as it was. */
const transitions: Record<string, { from: string[]; to: string[] }> = {
  'booking.completed': { from: ['PENDING'], to: ['ACTIVE'] },
  'booking.cancelled': { from: ['PENDING', 'ACTIVE'], to: ['PATIENT_CANCELED', 'DOCTOR_CANCELED'] },
  'booking.expired': { from: ['PENDING'], to: ['EXPIRED'] },
  'booking.rescheduled': { from: ['PENDING', 'ACTIVE'], to: [] },
}
