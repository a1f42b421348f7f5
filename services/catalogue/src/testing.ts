/** A catalogue on a database of its own, for tests. Only the clock is ours. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Caller, createCalendar, type Instant, scopes } from '@channelling/contract'
import { createLog, IDENTITY_HEADER, pathOf, signIdentity } from '@channelling/http'
import { type Database, open } from '@channelling/schema'
import { createCatalogue } from './app'
import { createSessionAnswers, forgettingOnWrite } from './session-answers'

const secret = 'a secret of the tests alone'
export const calendar = createCalendar('Asia/Colombo')

/** An instant said as local time. */
export const local = (text: string): Instant => calendar.read(text, 'test')

const someCaller: Caller = { clientId: 1, keyId: 1, access: 'all', scopes }

/** What tests reach for in an answer; the rest is compared as a whole. */
interface Thing {
  id: number
  status: string
  bookable: boolean
  startsAt: string
  endsAt: string
  hospitalId: number
  fees: { local: unknown; foreign: unknown }
  hospitals: unknown[]
}

export interface Reply {
  status: number
  location: string | null
  body: { reason?: string; existing?: { id: number }; page: { total: number }; data: Thing & Thing[] }
}

export async function startCatalogue(at = '2026-05-18 08:00:00') {
  const folder = mkdtempSync(join(tmpdir(), 'catalogue-'))
  const answers = createSessionAnswers()
  const database = forgettingOnWrite(await open({ url: `file:${join(folder, 'test.db')}` }), answers)
  const time = { now: local(at) }
  const clock = () => time.now
  const lines: string[] = []
  const log = createLog('debug', 'catalogue', { write: (line: string) => void lines.push(line) })
  const app = createCatalogue({ database, calendar, clock, secret, log, currency: 'LKR', answers })

  /** A GET as it is answered. */
  async function ask(path: string, headers: Record<string, string> = {}): Promise<Response> {
    const identity = signIdentity(secret, someCaller, { method: 'GET', path }, Date.now())
    return app.fetch(new Request(`http://localhost${path}`, { headers: { ...headers, [IDENTITY_HEADER]: identity } }))
  }

  async function call(method: string, path: string, body?: unknown, caller: Partial<Caller> = {}): Promise<Reply> {
    const url = `http://localhost${path}`
    const identity = signIdentity(secret, { ...someCaller, ...caller }, { method, path: pathOf(url) }, Date.now())
    const response = await app.fetch(
      new Request(url, {
        method,
        headers: { [IDENTITY_HEADER]: identity, ...(body !== undefined && { 'content-type': 'application/json' }) },
        body: body === undefined ? undefined : JSON.stringify(body),
      }),
    )
    return {
      status: response.status,
      location: response.headers.get('location'),
      body: (await response.json()) as Reply['body'],
    }
  }

  return {
    app,
    folder,
    database,
    clock,
    lines,
    call,
    ask,
    get: (path: string) => call('GET', path),
    setTime: (text: string) => {
      time.now = local(text)
    },
    async close() {
      await database.close()
      rmSync(folder, { recursive: true })
    },
  }
}

export type Catalogue = Awaited<ReturnType<typeof startCatalogue>>

/** Two specialities, two hospitals and two consultants, each with the ids 1 and 2; a client and a patient. */
export const aDirectory = (database: Database) =>
  database.write([
    { sql: `INSERT INTO speciality (name, code) VALUES ('Cardiology', 'CARD'), ('Dermatology', 'DERM')`, args: [] },
    {
      sql: `INSERT INTO hospital (name, code, city) VALUES ('City Hospital', 'CITY', 'Colombo'), ('Lake Hospital', 'LAKE', 'Kandy')`,
      args: [],
    },
    {
      sql: `INSERT INTO consultant (name, title, registration, speciality_id) VALUES ('A. Perera', 'Dr', 'SLMC 1', 1), ('B. Silva', NULL, 'SLMC 2', 2)`,
      args: [],
    },
    { sql: 'INSERT INTO consultant_hospital VALUES (1, 2), (1, 1), (2, 2)', args: [] },
    { sql: `INSERT INTO client (id, name, access, created_at) VALUES (1, 'Agent', 'all', 0)`, args: [] },
    {
      sql: `INSERT INTO patient (phn, name, name_key, created_at, updated_at) VALUES ('1', 'Jane', 'jane', 0, 0)`,
      args: [],
    },
  ])

const ordinary = {
  consultantId: 1,
  hospitalId: 1,
  startsAt: '2026-05-18 09:30:00',
  endsAt: '2026-05-18 12:30:00',
  room: '3' as string | null,
  capacity: 30,
  startingNumber: 1,
  reservedNumbers: [] as number[],
  minutesPerPatient: 6,
  localDoctorFee: 200000,
  localHospitalFee: 50000,
  foreignDoctorFee: 400000,
  foreignHospitalFee: 100000,
  holiday: 0,
  endedAt: null as Instant | null,
  cancelledAt: null as Instant | null,
  startedAt: null as Instant | null,
  heldAt: null as Instant | null,
}

/** A session; times are local. Gives its id. */
export async function aSession(database: Database, different: Partial<typeof ordinary> = {}): Promise<number> {
  const session = { ...ordinary, ...different }
  const [written] = await database.write([
    {
      sql: `INSERT INTO session (consultant_id, hospital_id, starts_at, ends_at, room, capacity, starting_number,
        reserved_numbers, minutes_per_patient, local_doctor_fee, local_hospital_fee, foreign_doctor_fee,
        foreign_hospital_fee, currency, holiday, ended_at, cancelled_at, started_at, held_at)
        VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 'LKR', ?, ?, ?, ?, ?) RETURNING id`,
      args: [
        session.consultantId,
        session.hospitalId,
        local(session.startsAt),
        local(session.endsAt),
        session.room,
        session.capacity,
        session.startingNumber,
        JSON.stringify(session.reservedNumbers),
        session.minutesPerPatient,
        session.localDoctorFee,
        session.localHospitalFee,
        session.foreignDoctorFee,
        session.foreignHospitalFee,
        session.holiday,
        session.endedAt,
        session.cancelledAt,
        session.startedAt,
        session.heldAt,
      ],
    },
  ])
  return written!.rows[0]!.id as number
}

/** Bookings of the given numbers, active ones or held until `heldUntil`, with the seat row as the booking engine leaves it. */
export async function someBookings(database: Database, sessionId: number, numbers: number[], heldUntil?: string) {
  const expiresAt = heldUntil === undefined ? null : local(heldUntil)
  await database.write([
    {
      sql: `INSERT INTO booking (session_id, number, status, patient_id, client_id, payment_method, paid, foreigner,
        doctor_fee, hospital_fee, currency, created_at, expires_at)
        SELECT ?, value, ?, 1, 1, 'Cash', 0, 0, 0, 0, 'LKR', 0, ? FROM json_each(?)`,
      args: [sessionId, expiresAt === null ? 'ACTIVE' : 'PENDING', expiresAt, JSON.stringify(numbers)],
    },
    {
      sql: 'UPDATE seat SET taken = taken + ?, next_number = max(next_number, ?), version = version + 1 WHERE session_id = ?',
      args: [numbers.length, Math.max(...numbers) + 1, sessionId],
    },
  ])
}
