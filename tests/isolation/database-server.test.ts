import { afterAll, beforeAll, expect, setDefaultTimeout, test } from 'bun:test'
import { Refusal } from '@channelling/contract'
import { createLog, kit } from '@channelling/http'
import { type Database, DatabaseFault, jsonRow, open, readiness, rowsOfJson } from '@channelling/schema'
import { hospital } from '@channelling/schema/catalogue'
import { aHospital } from '../support/hospital'
import { type Sqld, startSqld } from '../support/sqld'

setDefaultTimeout(60_000)

let server: Sqld
let database: Database
beforeAll(async () => {
  server = await startSqld(aHospital({ patients: 2 }))
  database = await open({ url: server.url })
})
afterAll(async () => {
  await database?.close()
  await server?.[Symbol.asyncDispose]()
})

const add = (name: string, code = name) => ({
  sql: 'INSERT INTO hospital (name, code) VALUES (?, ?)',
  args: [name, code],
})

const faultOf = (working: Promise<unknown>): Promise<DatabaseFault> =>
  working.then(
    () => expect.unreachable('it should have failed'),
    (error) => error as DatabaseFault,
  )

const names = async () =>
  (await database.read<{ name: string }>('SELECT name FROM hospital ORDER BY id')).map(({ name }) => name)

test('reading gives the same from a server as from a file: rows by column, JSON rows, several at once, typed queries', async () => {
  expect(await database.read('SELECT id, phn FROM patient WHERE id = ?', [2])).toEqual([{ id: 2, phn: 'P2' }])
  const rows = await database.read<{ row: string }>(
    `SELECT ${jsonRow({ id: 'id', name: 'name' })} FROM patient ORDER BY id`,
  )
  expect(rowsOfJson<unknown>(rows)).toEqual([
    { id: 1, name: 'Patient 1' },
    { id: 2, name: 'Patient 2' },
  ])
  const [one, all] = await database.readAll([
    { sql: 'SELECT 1 AS a', args: [] },
    { sql: 'SELECT count(*) AS n, max(created_at) > 1700000000000 AS recent FROM patient', args: [] },
  ])
  expect([one, all]).toEqual([[{ a: 1 }], [{ n: 2, recent: 1 }]])
  expect(await database.query.select().from(hospital).orderBy(hospital.id).limit(1)).toMatchObject([{ code: 'CITY' }])
  expect(await readiness(database)()).toEqual({ database: true })
})

test('a write is done whole or not at all, and says what it gave and changed', async () => {
  const [given, changed] = await database.write([
    { sql: "INSERT INTO hospital (name, code) VALUES ('A', 'A') RETURNING id, code", args: [] },
    { sql: 'UPDATE patient SET name = name', args: [] },
  ])
  expect(given).toMatchObject({ rows: [{ code: 'A' }], changes: 1 })
  expect(changed).toMatchObject({ rows: [], changes: 2 })
  const fault = await faultOf(database.write([add('B'), add('A', 'C')]))
  expect(fault.isDuplicate('hospital.name')).toBe(true)
  expect(await names()).toEqual(['City Hospital', 'A'])
})

test.each([
  ["INSERT INTO hospital (name, code) VALUES ('City Hospital', 'X')", 'SQLITE_CONSTRAINT_UNIQUE'],
  ["INSERT INTO hospital (name, code) VALUES (NULL, 'X')", 'SQLITE_CONSTRAINT_NOTNULL'],
  ['UPDATE seat SET version = NULL', 'SQLITE_CONSTRAINT_NOTNULL'],
  ['UPDATE seat SET taken = 9999', 'SQLITE_CONSTRAINT_CHECK'],
  ["INSERT INTO consultant (name, registration, speciality_id) VALUES ('a', 'b', 99)", 'SQLITE_CONSTRAINT_FOREIGNKEY'],
])('%s is refused as %s, and undone', async (sql, code) => {
  const fault = await faultOf(database.write([{ sql, args: [] }]))
  expect(fault).toBeInstanceOf(DatabaseFault)
  expect({ code: fault.code, undone: fault.isUndone, constraint: fault.isConstraint }).toEqual({
    code,
    undone: true,
    constraint: true,
  })
})

test('a write that follows one that failed is not done, and those after it are', async () => {
  const failing = database.write([add('A')])
  const following = database.write([add('F')], { after: failing })
  const free = database.write([add('G')])
  expect((await faultOf(failing)).code).toBe('SQLITE_CONSTRAINT_UNIQUE')
  expect((await faultOf(following)).code).toBe('SQLITE_ABORT')
  await free
  expect(await names()).toEqual(['City Hospital', 'A', 'G'])
})

test('a write whose turn comes later than its caller waits is not done, and that is said as overload', async () => {
  const long = database.write([
    {
      sql: `UPDATE booking_clock SET latest = latest + 0 * (
        WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 2000000) SELECT count(*) FROM n)`,
      args: [],
    },
  ])
  const late = faultOf(database.write([add('J')], { withinMs: 10 }))
  const inTime = database.write([add('K')], { withinMs: 10_000 })
  await long
  const { code, isUndone, cause } = await late
  expect([code, isUndone, (cause as Refusal).reason]).toEqual(['SQLITE_BUSY_TIMEOUT', true, 'overloaded'])
  await inTime
  expect((await names()).slice(-1)).toEqual(['K'])
})

test('a write that takes so long that the server undoes it for others is not done, and that is 503 with when to come again', async () => {
  const other = await open({ url: server.url })
  const count = `UPDATE booking_clock SET latest = latest + 0 * (
    WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 1000000) SELECT count(*) FROM n)`
  const long = [add('L'), ...Array(200).fill({ sql: count, args: [] })]
  const app = kit({ name: 'test', about: 'A test', log: createLog('silent', 'test') }).post('/', () =>
    database.write(long),
  )
  let answered = false
  const answering = app.handle(new Request('http://localhost/', { method: 'POST' })).finally(() => {
    answered = true
  })
  let others = 0
  while (!answered) await other.write([add(`M ${others++}`)])
  const response = await answering
  expect([response.status, response.headers.get('retry-after')]).toEqual([503, '1'])
  expect(await response.json()).toMatchObject({ reason: 'overloaded' })
  await other.close()
  await database.write([add('N')])
  const there = await names()
  expect(there).not.toContain('L')
  expect(there.slice(-1)).toEqual(['N'])
  expect(there.filter((name) => name.startsWith('M '))).toHaveLength(others)
})

test('several processes open one empty server at once, and write into it at once', async () => {
  await using empty = await startSqld()
  const all = await Promise.all(Array.from({ length: 4 }, () => open({ url: empty.url })))
  await Promise.all(
    all.flatMap((one, writer) => Array.from({ length: 50 }, (_, row) => one.write([add(`${writer} ${row}`)]))),
  )
  expect(await all[0]!.read('SELECT count(*) AS n FROM hospital')).toEqual([{ n: 200 }])
  await Promise.all(all.map((one) => one.close()))
})

test('while the server hangs all who ask are told so by the deadline of the first, and none is asked again', async () => {
  await database.read('SELECT 1')
  server.hang()
  try {
    const began = performance.now()
    const faults = [faultOf(database.read('SELECT 1')), faultOf(database.write([add('L')]))]
    const ready = readiness(database)
    for (const after of [3_000, 6_500]) {
      // whoever asks meanwhile shares the question
      expect(await Promise.all(Array.from({ length: 5 }, ready))).toEqual(Array(5).fill({ database: false }))
      expect(performance.now() - began).toBeLessThan(after)
      await Bun.sleep(after - (performance.now() - began))
      faults.push(faultOf(database.read('SELECT 1')))
    }
    for (const { code, isUndone, cause } of await Promise.all(faults))
      expect([code, isUndone, (cause as Refusal).reason]).toEqual(['TIMEOUT', false, 'service_unavailable'])
    expect(performance.now() - began).toBeLessThan(11_000)
    // of a connection that is not even taken that is known sooner
    const again = performance.now()
    await faultOf(database.read('SELECT 1'))
    expect(performance.now() - again).toBeLessThan(3_000)
  } finally {
    server.resume()
  }
  const resumed = performance.now()
  await database.write([add('M')])
  expect(performance.now() - resumed).toBeLessThan(1_000)
})

test('while the server is away that is what callers are told, nobody knows of a write, and all goes on once it is back', async () => {
  await server.kill()
  const reading = await faultOf(database.read('SELECT 1'))
  const writing = await faultOf(database.write([add('H')]))
  for (const fault of [reading, writing]) {
    expect(fault.isUndone).toBe(false)
    expect(fault.cause).toBeInstanceOf(Refusal)
    expect((fault.cause as Refusal).reason).toBe('service_unavailable')
  }
  expect(await readiness(database)()).toEqual({ database: false })

  let waited = 0
  const opening = open({ url: server.url }, { onWaiting: () => waited++ })
  await Bun.sleep(300)
  await server.start()
  await (await opening).close()
  expect(waited).toBe(1)
  await database.write([add('I')])
  expect(await names()).toContain('I')
})
