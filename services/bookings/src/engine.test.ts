import { afterEach, beforeEach, describe, expect, test } from 'bun:test'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Caller, MINUTE_MS, Refusal, scopes } from '@channelling/contract'
import { type Database, DatabaseFault, open, type Statement } from '@channelling/schema'
import { aHospital, aSession } from '@channelling/schema/testing'
import { createEngine, type Engine, type EngineOptions } from './engine'
import type { Booking } from './rules/booking'
import type { BookingCommand, ReservePlace } from './rules/command'
import type { BookedPlace } from './rules/world'
import { createKept } from './store/kept'
import { bookingReads } from './store/reads'

const caller: Caller = { clientId: 1, keyId: 1, access: 'all', scopes }
type View = { id: number; sessionId: number; number: number; status: string }

let folder: string
let database: Database
let now: number
let engine: Engine<View>
/** What stands between the engine and the database, to get in the way of a write. */
let beforeWrite: (statements: Statement[]) => Promise<void>
let writes: number

const anEngine = (over: Partial<EngineOptions<View>> = {}) =>
  createEngine<View>({
    database,
    clock: () => now,
    terms: { holdMinutes: 20, holdsPerClient: 0 },
    view: ({ booking: { id, sessionId, number, status } }: BookedPlace) => ({ id, sessionId, number, status }),
    onCommit: () => {},
    ...over,
  })

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'engine-'))
  database = await open({ url: `file:${join(folder, 'test.db')}` })
  const sessions = [aSession({ capacity: 3 }), aSession({ capacity: 3 }), aSession({ capacity: 0 })]
  await aHospital({ sessions, patients: 3 })(database)
  const clients =
    "INSERT INTO client (id, name, access, created_at) SELECT value, 'Client ' || value, 'all', 0 FROM json_each('[1, 2, 3]')"
  await database.write([{ sql: clients, args: [] }])
  now = Date.now()
  writes = 0
  beforeWrite = async () => {}
  const guarded: Database = {
    ...database,
    async write(statements, { after, ...options } = {}) {
      writes++
      await beforeWrite(statements)
      const asked = performance.now()
      await after?.catch(() => {
        throw new DatabaseFault('SQLITE_ABORT', 'The write that this one follows failed')
      })
      const { withinMs = 10_000 } = options
      return database.write(statements, { withinMs: withinMs - (performance.now() - asked) })
    },
  }
  engine = anEngine({ database: guarded })
})

afterEach(async () => {
  beforeWrite = async () => {}
  await engine.close()
  await database.close()
  rmSync(folder, { recursive: true })
})

const reserve = (given: Partial<ReservePlace> = {}): ReservePlace => ({
  kind: 'reserve',
  caller,
  sessionId: 1,
  patientId: 1,
  paymentMethod: 'OnCall',
  reference: null,
  itemId: null,
  hold: false,
  ...given,
})

/** What became of commands sent at once: a number of a booking, or the reason of a refusal. */
async function allOf(commands: BookingCommand[]): Promise<(number | string)[]> {
  const done = await Promise.allSettled(commands.map((command) => engine.submit(command)))
  return done.map((one) => {
    if (one.status === 'fulfilled') return one.value.view.number
    return one.reason instanceof Refusal ? one.reason.reason : 'fault'
  })
}

const seatOf = async (sessionId: number) =>
  (await database.read('SELECT taken, next_number, released FROM seat WHERE session_id = ?', [sessionId]))[0]

const count = async (table: string) => (await database.read<{ n: number }>(`SELECT count(*) AS n FROM ${table}`))[0]!.n

test('what arrives together is saved by one write, in the order of arrival', async () => {
  await engine.submit(reserve({ sessionId: 3 }))
  writes = 0
  expect(await allOf(Array.from({ length: 100 }, () => reserve({ sessionId: 3 })))).toEqual(
    Array.from({ length: 100 }, (_, index) => index + 2),
  )
  expect(writes).toBe(1)
})

test('of more callers than places the first get them, the rest are told that it is full', async () => {
  expect(await allOf(Array.from({ length: 5 }, () => reserve()))).toEqual([1, 2, 3, 'session_full', 'session_full'])
  expect(await seatOf(1)).toEqual({ taken: 3, next_number: 4, released: '[]' })
})

test('a command that the database will not have fails alone', async () => {
  const unknownClient = { ...caller, clientId: 999 }
  const results = await allOf([reserve(), reserve({ caller: unknownClient }), reserve()])
  expect(results).toEqual([1, 'fault', 2])
  expect(await count('booking')).toBe(2)
  expect(await count('event')).toBe(2)
})

test('a decision on an old reading is made again', async () => {
  let raced = false
  beforeWrite = async () => {
    if (raced) return
    raced = true
    // another writer takes number 1 of session 1 between the reading and the write
    await database.write([
      {
        sql: `INSERT INTO booking (id, session_id, number, status, patient_id, client_id, payment_method, paid, foreigner,
            doctor_fee, hospital_fee, currency, created_at)
          VALUES (900, 1, 1, 'ACTIVE', 2, 1, 'OnCall', 0, 0, 0, 0, 'LKR', 0)`,
        args: [],
      },
      { sql: 'UPDATE seat SET taken = 1, next_number = 2, version = version + 1 WHERE session_id = 1', args: [] },
    ])
  }
  await engine.submit(reserve({ sessionId: 3 }))
  raced = false
  expect(await allOf([reserve(), reserve()])).toEqual([2, 3])
  expect(await seatOf(1)).toEqual({ taken: 3, next_number: 4, released: '[]' })
})

test('a write that fails leaves nothing, and nobody is told that it was done', async () => {
  await engine.submit(reserve({ sessionId: 3 }))
  beforeWrite = async () => {
    throw new DatabaseFault('SQLITE_IOERR_FSYNC', 'disk I/O error')
  }
  expect(await allOf([reserve(), reserve()])).toEqual(['fault', 'fault'])
  expect(await count('booking')).toBe(1)
  expect(await seatOf(1)).toEqual({ taken: 0, next_number: 1, released: '[]' })
})

test('two bookings that change places within one group both arrive', async () => {
  const [a, b] = [await engine.submit(reserve()), await engine.submit(reserve())]
  const move = (id: number, sessionId: number): BookingCommand => ({
    kind: 'reschedule',
    caller,
    bookingId: id,
    sessionId,
    reason: null,
  })
  const results = await allOf([move(a.view.id, 2), move(b.view.id, 2), move(b.view.id, 1), move(a.view.id, 1)])
  expect(results).toEqual([1, 2, 1, 2])
  expect(await seatOf(1)).toEqual({ taken: 2, next_number: 3, released: '[]' })
  expect(await seatOf(2)).toEqual({ taken: 0, next_number: 3, released: '[1,2]' })
})

/** Keeps the next write from the disk until it is let go, or fails it. */
function held() {
  const { promise, resolve, reject } = Promise.withResolvers<void>()
  const begun = Promise.withResolvers<void>()
  beforeWrite = () => {
    beforeWrite = async () => {}
    begun.resolve()
    return promise
  }
  return { begun: begun.promise, letGo: resolve, fail: reject }
}

/** Long enough for whatever waits to be decided. */
const turns = async () => {
  for (let turn = 0; turn < 20; turn++) await new Promise(setImmediate)
}

describe('a group decided while the one before commits', () => {
  const cancel = (bookingId: number): BookingCommand => ({
    kind: 'cancel',
    caller,
    bookingId,
    actor: 'patient',
    reason: null,
  })

  test('stands on what that one leaves: places, numbers given back, references and Idempotency-Keys', async () => {
    const first = await engine.submit(reserve())
    const disk = held()
    const once = { key: 'k-1', fingerprint: 'f' }
    const before = Promise.all([
      allOf([cancel(first.view.id), reserve({ reference: 'R-1' })]),
      engine.submit(reserve({ sessionId: 2, patientId: 2 }), once),
    ])
    await disk.begun
    writes = 0
    const after = Promise.all([
      allOf([reserve(), reserve(), reserve(), reserve({ sessionId: 3, reference: 'R-1' }), cancel(first.view.id)]),
      engine.submit(reserve({ sessionId: 2, patientId: 2 }), once),
    ])
    await turns()
    // it is at the database already, and nobody has been answered
    expect(writes).toBe(1)
    disk.letGo()
    const [[cancelled, taken], kept] = await before
    expect([cancelled, taken]).toEqual([1, 1])
    const [results, replayed] = await after
    expect(results).toEqual([2, 3, 'session_full', 'reference_used', 'booking_not_active'])
    expect(replayed).toEqual({ view: kept.view, replayed: true })
    // and what it was written as first was right
    expect(writes).toBe(1)
    expect(await seatOf(1)).toEqual({ taken: 3, next_number: 4, released: '[]' })
    expect(await seatOf(2)).toEqual({ taken: 1, next_number: 2, released: '[]' })
  })

  test('is decided anew when that one is not saved: nobody is refused for what never was', async () => {
    await engine.submit(reserve({ sessionId: 3 }))
    const disk = held()
    const before = allOf([reserve(), reserve(), reserve({ reference: 'R-1' })])
    await disk.begun
    // nothing of the seats tells that the second is refused for a reference that nobody got to use
    const after = allOf([
      reserve({ sessionId: 2 }),
      reserve({ sessionId: 3, reference: 'R-1' }),
      reserve({ sessionId: 2 }),
    ])
    await turns()
    disk.fail(new DatabaseFault('SQLITE_IOERR_FSYNC', 'disk I/O error'))
    expect(await before).toEqual(['fault', 'fault', 'fault'])
    expect(await after).toEqual([1, 2, 2])
    expect(await count('booking')).toBe(4)
    expect(await count('event')).toBe(4)
  })

  test('a write of which nobody knows how far it came is not done again', async () => {
    await engine.submit(reserve({ sessionId: 3 }))
    const disk = held()
    const booked = allOf([reserve(), reserve()])
    await disk.begun
    disk.fail(new DatabaseFault('UNKNOWN', 'The database did not answer as it should'))
    expect(await booked).toEqual(['fault', 'fault'])
    expect(await count('booking')).toBe(1)
  })
})

test('a session that changed since its last booking is not booked as it was', async () => {
  await engine.close()
  const kept = createKept()
  engine = anEngine({ kept })
  await engine.submit(reserve())
  expect(kept.session(1)?.seats.taken).toBe(1)
  // even where nobody said so
  await database.write([{ sql: 'UPDATE session SET held_at = 1 WHERE id = 1', args: [] }])
  expect(await allOf([reserve()])).toEqual(['session_not_bookable'])
  kept.forgetAll()
  expect(await allOf([reserve()])).toEqual(['session_not_bookable'])
})

test('a patient is read once, until somebody says that they changed', async () => {
  await engine.close()
  const kept = createKept()
  let names = 0
  engine = anEngine({
    kept,
    database: {
      ...database,
      readAll: (statements) => {
        names += statements.filter((asked) => 'args' in asked && asked.args.includes('[2]')).length
        return database.readAll(statements)
      },
    },
    view: ({ booking, patientName }) => ({ ...booking, status: patientName }),
  })
  const nameNow = async () => (await engine.submit(reserve({ sessionId: 3, patientId: 2 }))).view.status
  const rename = (name: string) => database.write([{ sql: 'UPDATE patient SET name = ? WHERE id = 2', args: [name] }])
  await rename('Before')
  expect(await nameNow()).toBe('Before')
  expect(await nameNow()).toBe('Before')
  expect(names).toBe(1)
  await rename('After')
  kept.forgetPatient(2)
  expect(await nameNow()).toBe('After')

  // a group that read them before, and is saved after
  kept.forgetAll()
  const booked = nameNow()
  await rename('At last')
  kept.forgetPatient(2)
  await booked
  expect(await nameNow()).toBe('At last')
})

test('a hold that ran out gives its place to the next caller, at the instant', async () => {
  for (const clientId of [1, 2, 3]) await engine.submit(reserve({ caller: { ...caller, clientId }, hold: true }))
  now += 20 * MINUTE_MS - 1
  expect(await allOf([reserve()])).toEqual(['session_full'])
  now += 1
  expect(await allOf([reserve()])).toEqual([1])
  const events = await database.read<{ type: string }>('SELECT type FROM event ORDER BY seq')
  expect(events.map(({ type }) => type)).toEqual([
    'booking.held',
    'booking.held',
    'booking.held',
    'booking.expired',
    'booking.expired',
    'booking.expired',
    'booking.completed',
  ])
})

test('what is done to a booking in the group that makes it is kept with all that was answered of it', async () => {
  const whole = createEngine<Booking>({
    database,
    clock: () => now,
    terms: { holdMinutes: 20, holdsPerClient: 0 },
    view: ({ booking }: BookedPlace) => booking,
    onCommit: () => {},
  })
  const submit = (command: BookingCommand) => whole.submit(command).then(({ view }) => view)
  const [, cancelled, , completed, , moved] = await Promise.all([
    submit(reserve()),
    submit({ kind: 'cancel', caller, bookingId: 1, actor: 'patient', reason: 'By mistake' }),
    submit(reserve({ hold: true })),
    submit({ kind: 'complete', caller, bookingId: 2, paymentMethod: 'Card', paymentReference: 'Slip 7' }),
    submit(reserve({ sessionId: 2 })),
    submit({ kind: 'reschedule', caller, bookingId: 3, sessionId: 1, reason: null }),
  ])
  expect([cancelled!.cancelReason, completed!.paymentReference, moved!.sessionId]).toEqual(['By mistake', 'Slip 7', 1])
  for (const answered of [cancelled!, completed!, moved!]) {
    expect((await bookingReads(database).byId(answered.id, caller))!.booking).toEqual(answered)
  }
  await whole.close()
})

test('completing against running out: exactly one wins', async () => {
  const { view } = await engine.submit(reserve({ hold: true }))
  now += 20 * MINUTE_MS
  const complete: BookingCommand = { kind: 'complete', caller, bookingId: view.id }
  const [completed] = await Promise.all([allOf([complete]), engine.sweep({ kind: 'sweep', sessionId: 1 })])
  expect(completed).toEqual(['booking_expired'])
  const events = await database.read<{ type: string }>('SELECT type FROM event ORDER BY seq')
  expect(events.map(({ type }) => type)).toEqual(['booking.held', 'booking.expired'])
})

test('the same Idempotency-Key in one group books once and answers the same', async () => {
  const once = { key: 'k-1', fingerprint: 'f' }
  const answers = await Promise.all(Array.from({ length: 50 }, () => engine.submit(reserve({ sessionId: 3 }), once)))
  expect(new Set(answers.map(({ view }) => JSON.stringify(view))).size).toBe(1)
  expect(answers.filter(({ replayed }) => replayed)).toHaveLength(49)
  expect(await count('booking')).toBe(1)
})

test('a command that waited too long is refused instead of decided', async () => {
  await engine.submit(reserve({ sessionId: 3 }))
  let blocked = true
  beforeWrite = async () => {
    if (!blocked) return
    blocked = false
    now += MINUTE_MS
  }
  const first = engine.submit(reserve({ sessionId: 3 }))
  await new Promise(setImmediate)
  await new Promise(setImmediate)
  const late = allOf([reserve({ sessionId: 3 })])
  now += MINUTE_MS
  expect((await first).view.number).toBe(2)
  expect(await late).toEqual(['overloaded'])
})

describe('what callers wait for no more is not done', () => {
  const busy = () => new DatabaseFault('SQLITE_BUSY', 'database is locked')

  test('where others keep the database it is tried until the time is up, and then no more', async () => {
    await engine.submit(reserve({ sessionId: 3 }))
    let last = 0
    beforeWrite = async () => {
      last = now
      now += 1_000
      throw busy()
    }
    const began = now
    expect(await allOf([reserve(), reserve(), reserve({ sessionId: 3 })])).toEqual(Array(3).fill('overloaded'))
    expect(last - began).toBe(10_000)
    expect(await count('booking')).toBe(1)
    beforeWrite = async () => {}
    expect(await allOf([reserve(), reserve()])).toEqual([1, 2])
  })

  test('as little as the caller waits, and no more than 10 seconds', async () => {
    await engine.submit(reserve({ sessionId: 3 }))
    const within: number[] = []
    const waits = async (withinMs: number | undefined) => {
      const asked = engine.submit(reserve({ sessionId: 3 }), undefined, withinMs)
      await asked
      return within.at(-1)
    }
    await engine.close()
    engine = anEngine({
      database: {
        ...database,
        write(statements, options) {
          within.push(options?.withinMs ?? Number.NaN)
          return database.write(statements, options)
        },
      },
    })
    expect([await waits(undefined), await waits(300), await waits(60_000)]).toEqual([10_000, 300, 10_000])
  })

  test('of a group whose turn came too late for one, that one is refused and the others are carried out', async () => {
    await engine.submit(reserve({ sessionId: 3 }))
    const disk = held()
    const before = engine.submit(reserve({ sessionId: 3 }))
    await disk.begun
    const late = engine.submit(reserve(), { key: 'k-1', fingerprint: 'f' }, 300).catch((refusal) => refusal)
    const inTime = allOf([reserve(), reserve(), reserve()])
    await turns()
    now += 301
    await Bun.sleep(310)
    disk.letGo()
    await before
    expect(await late).toMatchObject({ reason: 'overloaded', details: { retryAfterSeconds: 1 } })
    expect(await inTime).toEqual([1, 2, 3])
    expect([await count('booking'), await count('answer')]).toEqual([5, 0])
  })
})

test('what was held of a cancelled session counts no more against its client, before anything has swept it', async () => {
  await engine.close()
  engine = anEngine({ terms: { holdMinutes: 20, holdsPerClient: 2 } })
  const hold = (sessionId: number) => reserve({ sessionId, hold: true })
  expect(await allOf([hold(1), hold(2), hold(3)])).toEqual([1, 1, 'too_many_holds'])
  await database.write([{ sql: 'UPDATE session SET cancelled_at = 1 WHERE id = 1', args: [] }])
  expect(await allOf([hold(3), hold(3)])).toEqual([1, 'too_many_holds'])
})

test('nor does it where the same group asks for more of that session', async () => {
  await engine.close()
  engine = anEngine({ terms: { holdMinutes: 20, holdsPerClient: 2 } })
  const outside = { ...caller, access: 'own' as const }
  const hold = (sessionId: number) => reserve({ caller: outside, sessionId, hold: true })
  expect(await allOf([hold(1), hold(3)])).toEqual([1, 1])
  await database.write([{ sql: 'UPDATE session SET cancelled_at = 1 WHERE id = 1', args: [] }])
  expect(await allOf([hold(3), hold(1)])).toEqual([2, 'session_not_bookable'])
})

test('more than may wait are sent away, a while later so that coming back at once is no use', async () => {
  const begun = performance.now()
  const waits: number[] = []
  const outcomes = Array.from({ length: 8300 }, () =>
    engine.submit(reserve({ sessionId: 3 })).catch(({ reason }) => {
      waits.push(performance.now() - begun)
      return reason
    }),
  )
  expect((await Promise.all(outcomes)).filter((outcome) => outcome === 'overloaded')).toHaveLength(8300 - 8192)
  expect(Math.min(...waits)).toBeGreaterThanOrEqual(499)
  expect(await count('booking')).toBe(8192)
})

test('ids are given without a gap over an orderly restart', async () => {
  await engine.submit(reserve({ sessionId: 3 }))
  await engine.close()
  engine = anEngine()
  expect((await engine.submit(reserve({ sessionId: 3 }))).view.id).toBe(2)
})

test('once it runs, no group waits for ids: what they need is taken by the writes before', async () => {
  const places: number[] = []
  for (let group = 0; group < 40; group++) {
    const outcomes = await Promise.all(Array.from({ length: 64 }, () => engine.submit(reserve({ sessionId: 3 }))))
    places.push(...outcomes.map(({ view }) => view.id))
  }
  expect(places).toEqual(Array.from({ length: 40 * 64 }, (_, index) => index + 1))
  expect(writes).toBe(40 + 1)
  await engine.close()
  engine = anEngine()
  expect((await engine.submit(reserve({ sessionId: 3 }))).view.id).toBe(40 * 64 + 1)
})

test('it ends in good order though the database is away', async () => {
  await engine.submit(reserve({ sessionId: 3 }))
  beforeWrite = () => Promise.reject(new DatabaseFault('ECONNREFUSED', 'The database does not answer'))
  expect(await engine.close()).toBeUndefined()
})

test('a booking that was made while a later group was being decided keeps its id to itself', async () => {
  const steps = { refuse: Promise.withResolvers<void>(), read: Promise.withResolvers<void>() }
  const { view: earlier } = await engine.submit(reserve({ sessionId: 2 }))
  let refused = false
  beforeWrite = async (statements) => {
    if (refused || !JSON.stringify(statements).includes('INSERT INTO booking ')) return
    refused = true
    await steps.refuse.promise
    throw new DatabaseFault('SQLITE_CONSTRAINT_UNIQUE', 'another writer was faster')
  }
  const reading = Promise.withResolvers<void>()
  const slow: Database = {
    ...database,
    async readAll(statements) {
      const rows = await database.readAll(statements)
      // the reading of the second group, which names a booking, is the slow one
      if (JSON.stringify(statements).includes('WHERE b.id IN')) {
        reading.resolve()
        await steps.read.promise
      }
      return rows
    },
    async write(statements, options) {
      await beforeWrite(statements)
      return database.write(statements, options)
    },
  }
  engine = anEngine({ database: slow })
  const first = engine.submit(reserve({ sessionId: 3, hold: true }))
  await new Promise(setImmediate)
  const second = engine.submit({ kind: 'cancel', caller, bookingId: earlier.id, actor: 'patient', reason: null })
  await reading.promise
  steps.refuse.resolve()
  const { view: held } = await first
  steps.read.resolve()
  await second
  const complete: BookingCommand = { kind: 'complete', caller, bookingId: held.id }
  const [completed, next] = await Promise.all([engine.submit(complete), engine.submit(reserve({ sessionId: 3 }))])
  expect([completed.view.id, completed.view.number]).toEqual([held.id, held.number])
  expect(next.view.id).not.toBe(held.id)
  expect(await count('booking')).toBe(3)
  expect(await seatOf(3)).toEqual({ taken: 2, next_number: 3, released: '[]' })
})
