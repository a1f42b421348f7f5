import { Database as Sqlite } from 'bun:sqlite'
import { expect, setDefaultTimeout, test } from 'bun:test'
import { join } from 'node:path'
import { DEADLINE_HEADER } from '@channelling/http'
import { booksOf, faultsIn } from '../support/books'
import { startDesk } from '../support/desk'
import { aHospital, aSession } from '../support/hospital'
import type { Reply } from '../support/reply'
import { type Server, startServer } from '../support/server'

setDefaultTimeout(60_000)

/** How long a booking waits, and what a loaded machine adds. */
const WAITED_MS_MAX = 12_000
const READ_MS_MAX = 5_000

/** Keeps the server from writing, as a tool of an operator does that has a transaction open. */
function hold({ dataDir }: Server) {
  const other = new Sqlite(join(dataDir, 'channelling.db'))
  other.exec('PRAGMA busy_timeout = 10000; BEGIN IMMEDIATE')
  return {
    letGo: () => {
      other.exec('ROLLBACK')
      other.close()
    },
  }
}

/** A statement that takes some seconds. */
const LONG = `UPDATE booking_clock SET latest = latest + 0 * (
  WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 5000000) SELECT count(*) FROM n)`

async function timed(reply: Promise<Reply>) {
  const began = performance.now()
  const { status, headers, body } = await reply
  return { status, reason: body.reason, retryAfter: headers.get('retry-after'), ms: performance.now() - began }
}

const overloaded = { status: 503, reason: 'overloaded', retryAfter: '1' }

test('while another process keeps the data file, writes are sent away in time and nothing of them is done; then all goes on', async () => {
  await using server = await startServer({ seed: aHospital({ sessions: [aSession()] }) })
  const book = (key: string, sessionInstanceId = 1) =>
    server.call(
      'POST',
      '/api/channel/bookings',
      { sessionInstanceId, patientId: 1 },
      { headers: { 'idempotency-key': key } },
    )
  const register = () => server.call('POST', '/api/patients', { name: 'Sunil Perera', phone: '0771112223' })
  const change = () => server.call('PUT', '/api/channel/sessions/1', { room: '12' })
  expect((await book('before')).status).toBe(201)

  const other = hold(server)
  const writes = [book('a'), book('b'), change(), ...Array.from({ length: 30 }, register)].map(timed)
  // whoever reads does not wait for whoever writes
  const read = timed(server.call('GET', '/api/channel/sessions/1'))
  const [answers, { status, ms }] = await Promise.all([Promise.all(writes), read])
  expect(status).toBe(200)
  expect(ms).toBeLessThan(READ_MS_MAX)
  expect(answers.map(({ ms, ...answer }) => answer)).toEqual(Array(writes.length).fill(overloaded))
  expect(Math.max(...answers.map(({ ms }) => ms))).toBeLessThan(WAITED_MS_MAX)
  other.letGo()

  expect((await server.call('GET', '/api/channel/sessions/1')).body.data).toMatchObject({ booked: 1, room: '3' })
  expect((await server.call('GET', '/api/patients/search?phone=0771112223')).body.data).toEqual([])
  // nothing was kept for the keys either, and nothing is left behind by what was refused
  const again = await book('a')
  expect([again.status, again.body.data?.number, again.headers.get('idempotent-replay')]).toEqual([201, 2, null])
  expect([(await register()).status, (await change()).status]).toEqual([201, 200])
  await server.stop()
  const books = await booksOf(server)
  expect(faultsIn(books)).toEqual([])
  expect(books.bookings).toHaveLength(2)
})

test('what has to wait a moment for the data file is done all the same', async () => {
  await using server = await startServer({ seed: aHospital({ sessions: [aSession()] }) })
  const other = hold(server)
  const waiting = server.call('POST', '/api/channel/bookings', { sessionInstanceId: 1, patientId: 1 })
  await Bun.sleep(1_500)
  other.letGo()
  expect((await waiting).body.data).toMatchObject({ number: 1, status: 'ACTIVE' })
})

test('whose gateway has told its caller that it was too late is not booked afterwards', async () => {
  await using desk = await startDesk({ seed: aHospital({ sessions: [aSession()] }) })
  const ask = (msLeft: number) =>
    desk.call(
      'POST',
      '/api/channel/bookings',
      { sessionInstanceId: 1, patientId: 1 },
      { headers: { [DEADLINE_HEADER]: String(Date.now() + msLeft) } },
    )
  expect((await ask(10_000)).body.data.number).toBe(1)
  // whatever is being written keeps those behind it waiting
  const before = desk.database.write([{ sql: LONG, args: [] }])
  const late = ask(500)
  const inTime = ask(10_000)
  await Bun.sleep(550)
  desk.time.now += 550
  const [refused, booked] = await Promise.all([late, inTime])
  expect([refused.status, refused.body.reason, refused.headers.get('retry-after')]).toEqual([503, 'overloaded', '1'])
  expect([booked.status, booked.body.data.number]).toEqual([201, 2])
  await before
  expect(await desk.database.read('SELECT count(*) AS n FROM booking')).toEqual([{ n: 2 }])
})
