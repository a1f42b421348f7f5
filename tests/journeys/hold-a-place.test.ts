import { expect, setDefaultTimeout, test } from 'bun:test'
import { MINUTE_MS } from '@channelling/contract'
import type { Database } from '@channelling/schema'
import { booksOf, faultsIn } from '../support/books'
import { type Desk, startDesk } from '../support/desk'
import { isApart } from '../support/forms'
import { aHospital, aSession } from '../support/hospital'
import { startServer } from '../support/server'
import { subscribe } from '../support/socket'

setDefaultTimeout(60_000)

const session = async (desk: Pick<Desk, 'call'>, id = 1) =>
  (await desk.call('GET', `/api/channel/sessions/${id}`)).body.data
const hold = (desk: Pick<Desk, 'call'>, sessionInstanceId = 1, more: object = {}) =>
  desk.call('POST', '/api/channel/bookings', { sessionInstanceId, patientId: 1, hold: true, ...more })
const put = (desk: Pick<Desk, 'call'>, id: number, act: string, body?: object) =>
  desk.call('PUT', `/api/channel/bookings/${id}/${act}`, body)
const minutesBetween = (from: string, to: string) =>
  (Date.parse(`${to.replace(' ', 'T')}Z`) - Date.parse(`${from.replace(' ', 'T')}Z`)) / MINUTE_MS

test('a held place counts as taken, is kept for the minutes set, and is completed with its payment', async () => {
  await using server = await startServer({
    environment: { HOLD_MINUTES: '7' },
    seed: aHospital({ sessions: [aSession({ capacity: 1 })] }),
  })
  const held = await hold(server)
  expect(held.status).toBe(201)
  const booking = held.body.data
  expect(booking).toMatchObject({ status: 'PENDING', number: 1, paymentMethod: 'OnCall', paid: false })
  expect(minutesBetween(booking.createdAt, booking.expiresAt)).toBe(7)
  expect(await session(server)).toMatchObject({ status: 'Full', booked: 1, remaining: 0 })
  expect((await hold(server)).body.reason).toBe('session_full')

  const completed = await put(server, booking.id, 'complete', { paymentMethod: 'Card', paymentReference: 'SLIP 1' })
  expect(completed.status).toBe(200)
  expect(completed.body.data).toEqual({
    ...booking,
    status: 'ACTIVE',
    paymentMethod: 'Card',
    paid: true,
    expiresAt: null,
  })
  const again = await put(server, booking.id, 'complete')
  expect(`${again.status} ${again.body.reason}`).toBe('409 booking_not_active')
  expect(await session(server)).toMatchObject({ booked: 1 })
})

test('a held place that is cancelled is free again, and one that moves stays held until the same moment', async () => {
  await using server = await startServer({ seed: aHospital({ sessions: [aSession(), aSession()] }) })
  const first = (await hold(server)).body.data
  const moved = await put(server, first.id, 'reschedule', { sessionInstanceId: 2 })
  expect(moved.body.data).toMatchObject({ status: 'PENDING', sessionId: 2, expiresAt: first.expiresAt })
  expect((await put(server, first.id, 'cancel')).body.data.status).toBe('PATIENT_CANCELED')
  expect(await session(server, 1)).toMatchObject({ booked: 0, nextNumber: 1 })
  expect(await session(server, 2)).toMatchObject({ booked: 0, nextNumber: 1 })
})

test('a hold is kept to its last millisecond, and at the instant it runs out the place is free', async () => {
  await using desk = await startDesk({ seed: aHospital({ sessions: [aSession({ capacity: 1 })] }), holdMinutes: 20 })
  const began = desk.time.now
  const { id } = (await hold(desk)).body.data
  const status = async () => (await desk.call('GET', `/api/channel/bookings/${id}`)).body.data.status

  desk.time.now = began + 20 * MINUTE_MS - 1
  expect(await status()).toBe('PENDING')
  expect(await session(desk)).toMatchObject({ status: 'Full', remaining: 0 })
  expect((await hold(desk)).body.reason).toBe('session_full')

  desk.time.now = began + 20 * MINUTE_MS
  expect(await status()).toBe('EXPIRED')
  expect(await session(desk)).toMatchObject({ status: 'Available', booked: 0, remaining: 1, nextNumber: 1 })
  const next = await hold(desk)
  expect(next.status).toBe(201)
  expect(next.body.data.number).toBe(1)
})

test('a live hold is completed in its last millisecond though the session is full; one that ran out is not', async () => {
  await using desk = await startDesk({ seed: aHospital({ sessions: [aSession({ capacity: 4 }), aSession()] }) })
  const began = desk.time.now
  const kept = (await hold(desk)).body.data
  const lost = (await hold(desk)).body.data
  for (const _ of [3, 4]) await hold(desk, 1, { hold: false })
  expect(await session(desk)).toMatchObject({ status: 'Full' })
  desk.time.now = began + 20 * MINUTE_MS - 1
  expect((await put(desk, kept.id, 'complete')).body.data).toMatchObject({ status: 'ACTIVE', number: 1 })

  desk.time.now = began + 20 * MINUTE_MS
  for (const [act, body] of [['complete'], ['cancel'], ['reschedule', { sessionInstanceId: 2 }]] as const) {
    const refused = await put(desk, lost.id, act, body)
    expect(`${act} ${refused.status} ${refused.body.reason}`).toBe(`${act} 409 booking_expired`)
  }
  expect((await desk.call('GET', `/api/channel/bookings/${kept.id}`)).body.data.status).toBe('ACTIVE')
  expect(await session(desk)).toMatchObject({ booked: 3, remaining: 1, nextNumber: 2 })
})

/** What is left of a hold when the database is filled, and at most what is tried where a slow machine has not started by its end. */
const LEFT_MS = isApart ? 8_000 : 4_000
const LEFT_MS_MAX = 8 * LEFT_MS

/** A hold of the only place, made earlier, that runs out so many ms from now. */
const heldBefore = (leftMs: number) => async (database: Database) => {
  const now = Date.now()
  await aHospital({ sessions: [aSession({ capacity: 1 })] })(database)
  await database.write([
    { sql: "INSERT INTO client (id, name, access, created_at) VALUES (1, 'Agent', 'own', ?)", args: [now] },
    {
      sql: `INSERT INTO booking (id, session_id, number, status, patient_id, client_id, payment_method, paid, foreigner,
          doctor_fee, hospital_fee, currency, created_at, expires_at)
        VALUES (1, 1, 1, 'PENDING', 1, 1, 'OnCall', 0, 0, 200000, 50000, 'LKR', ?, ?)`,
      args: [now - MINUTE_MS, now + leftMs],
    },
    {
      sql: `INSERT INTO event (type, session_id, booking_id, client_id, payload, at)
        VALUES ('booking.held', 1, 1, 1, '{"toStatus":"PENDING","number":1}', ?)`,
      args: [now - MINUTE_MS],
    },
    { sql: 'UPDATE seat SET taken = 1, next_number = 2, version = 1 WHERE session_id = 1', args: [] },
    { sql: 'UPDATE booking_sequence SET next = 2', args: [] },
  ])
}

test('a hold that ran out while nothing was running is over when the server is back', async () => {
  await using server = await startServer({ seed: heldBefore(-1) })
  expect((await server.call('GET', '/api/channel/bookings/1')).body.data.status).toBe('EXPIRED')
  expect(await session(server)).toMatchObject({ booked: 0, remaining: 1, nextNumber: 1 })
  expect((await put(server, 1, 'complete')).body.reason).toBe('booking_expired')
  expect((await hold(server)).body.data).toMatchObject({ id: 2, number: 1 })
  await server.stop()
  expect(faultsIn(await booksOf(server))).toEqual([])
})

/** A server, and a screen that is there while its hold is live; where a slow machine comes too late for that, once more with more time. */
async function watchedWhileHeld(leftMs = LEFT_MS) {
  let endsAt = 0
  const server = await startServer({
    seed: (database) => {
      endsAt = Date.now() + leftMs
      return heldBefore(leftMs)(database)
    },
  })
  const screen = await subscribe(server)
  const { status } = (await server.call('GET', '/api/channel/bookings/1')).body.data
  const isInTime = Date.now() < endsAt
  if (isInTime) expect(status).toBe('PENDING')
  if (isInTime || leftMs >= LEFT_MS_MAX) return { server, screen, leftMs }
  await server.stop()
  return watchedWhileHeld(2 * leftMs)
}

test('a hold runs out by itself: screens are told, the history has it, nobody did it', async () => {
  const { server, screen, leftMs } = await watchedWhileHeld()
  await using _ = server
  expect(await screen.got(1, leftMs + 6_000)).toEqual(['Temporary Booking Retired - 1'])
  const history = (await server.call('GET', '/api/channel/bookings/1/history')).body.data
  expect(history).toHaveLength(2)
  expect(history[1]).toMatchObject({ type: 'booking.expired', status: 'EXPIRED', client: null })
  screen.close()
  await server.stop()
  expect(faultsIn(await booksOf(server))).toEqual([])
})
