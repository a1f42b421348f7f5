import { afterAll, beforeAll, expect, setDefaultTimeout, test } from 'bun:test'
import { booksOf, faultsIn } from '../support/books'
import { aClient } from '../support/client'
import { crowd } from '../support/crowd'
import { aHospital, aSession } from '../support/hospital'
import { type Server, startServer } from '../support/server'
import { subscribe } from '../support/socket'

setDefaultTimeout(60_000)

/** Of each test its own sessions. */
const [CANCELLED, ELSEWHERE, ON_HOLD, LOWERED, RESERVED, ASKED_BY_MANY, BY_HOSPITAL] = [1, 2, 3, 4, 5, 6, 7]
let server: Server
beforeAll(async () => {
  server = await startServer({
    seed: aHospital({
      sessions: [
        aSession({ capacity: 0 }),
        aSession(),
        aSession(),
        aSession(),
        aSession({ reservedNumbers: [1, 5] }),
        aSession({ reservedNumbers: [1] }),
        aSession(),
      ],
    }),
  })
})
afterAll(() => server?.[Symbol.asyncDispose]())

const book = (server: Server, sessionInstanceId: number, more: object = {}) =>
  server.call('POST', '/api/channel/bookings', { sessionInstanceId, patientId: 1, ...more })
const change = (server: Server, id: number, body: object) => server.call('PUT', `/api/channel/sessions/${id}`, body)
const booking = async (server: Server, id: number) =>
  (await server.call('GET', `/api/channel/bookings/${id}`)).body.data

test('a cancelled session gives up its bookings in the hospital’s name, each with its event, however many they are', async () => {
  const BOOKINGS = 300
  const asked = { method: 'POST', path: '/api/channel/bookings', body: { sessionInstanceId: CANCELLED, patientId: 1 } }
  await crowd(server, Array(BOOKINGS).fill(asked))
  const held = (await book(server, CANCELLED, { hold: true })).body.data
  const elsewhere = (await book(server, ELSEWHERE)).body.data
  const screen = await subscribe(server)
  await change(server, CANCELLED, { statusReason: 'The consultant is ill' })

  expect((await server.call('DELETE', `/api/channel/sessions/${CANCELLED}`)).body.data.status).toBe('Cancelled')
  const refused = await book(server, CANCELLED)
  expect(`${refused.status} ${refused.body.reason}`).toBe('409 session_not_bookable')
  const frames = await screen.got(BOOKINGS + 1, 20_000)
  expect(new Set(frames)).toEqual(new Set([`Online Booking Cancelled - ${CANCELLED}`]))
  screen.close()

  expect(await booking(server, held.id)).toMatchObject({
    status: 'DOCTOR_CANCELED',
    cancelReason: 'The consultant is ill',
  })
  expect(await booking(server, elsewhere.id)).toMatchObject({ status: 'ACTIVE' })
  const { data: history } = (await server.call('GET', `/api/channel/bookings/${held.id}/history`)).body
  expect(history.at(-1)).toMatchObject({
    type: 'booking.cancelled',
    actor: 'hospital',
    client: null,
    reason: 'The consultant is ill',
  })
  expect((await server.call('GET', `/api/channel/sessions/${CANCELLED}`)).body.data).toMatchObject({ booked: 0 })
})

test('a session put on hold or declared a holiday takes no booking from the next request on, and takes them again when resumed', async () => {
  for (const status of ['Hold', 'Holiday']) {
    expect((await change(server, ON_HOLD, { status })).body.data.status).toBe(status)
    expect((await book(server, ON_HOLD)).body.reason).toBe('session_not_bookable')
    await change(server, ON_HOLD, { status: 'Available' })
    expect((await book(server, ON_HOLD)).status).toBe(201)
  }
})

test('a capacity is lowered to what is taken, and not below', async () => {
  await book(server, LOWERED)
  await book(server, LOWERED)
  expect((await change(server, LOWERED, { capacity: 1 })).body.reason).toBe('capacity_below_taken')
  expect((await change(server, LOWERED, { capacity: 2 })).body.data).toMatchObject({ status: 'Full', remaining: 0 })
  expect((await book(server, LOWERED)).body.reason).toBe('session_full')
})

test('the hospital gives a reserved number to whom it chooses, once, and gets it back when it is given up', async () => {
  const chosen = await book(server, RESERVED, { number: 5 })
  expect(chosen.body.data).toMatchObject({ number: 5, status: 'ACTIVE' })
  expect((await book(server, RESERVED, { number: 5 })).body.reason).toBe('number_taken')
  expect((await book(server, RESERVED, { number: 2 })).body.fields[0].path).toBe('body.number')
  expect((await book(server, RESERVED)).body.data.number).toBe(2)
  await server.call('PUT', `/api/channel/bookings/${chosen.body.data.id}/cancel`)
  expect((await server.call('GET', `/api/channel/sessions/${RESERVED}`)).body.data).toMatchObject({
    booked: 1,
    nextNumber: 3,
  })
  expect((await book(server, RESERVED, { number: 5 })).status).toBe(201)

  const portal = await aClient(server, { access: 'own' })
  const refused = await portal.call('POST', '/api/channel/bookings', {
    sessionInstanceId: RESERVED,
    patientId: 1,
    number: 1,
  })
  expect(`${refused.status} ${refused.body.reason}`).toBe('403 scope_missing')
})

test('of many who ask for one reserved number at once, one gets it', async () => {
  const body = { sessionInstanceId: ASKED_BY_MANY, patientId: 1, number: 1 }
  const replies = await crowd(server, Array(50).fill({ method: 'POST', path: '/api/channel/bookings', body }))
  expect(replies.filter(({ status }) => status === 201)).toHaveLength(1)
  expect(replies.filter((reply) => reply.body.reason === 'number_taken')).toHaveLength(49)
})

test('the hospital may cancel in its own name, a portal only in the patient’s', async () => {
  const { id } = (await book(server, BY_HOSPITAL)).body.data
  const cancelled = await server.call('PUT', `/api/channel/bookings/${id}/cancel`, { by: 'hospital', reason: 'Moved' })
  expect(cancelled.body.data).toMatchObject({ status: 'DOCTOR_CANCELED', cancelReason: 'Moved' })

  const portal = await aClient(server, { access: 'own' })
  const asked = { sessionInstanceId: BY_HOSPITAL, patientId: 1 }
  const { id: mine } = (await portal.call('POST', '/api/channel/bookings', asked)).body.data
  const refused = await portal.call('PUT', `/api/channel/bookings/${mine}/cancel`, { by: 'hospital' })
  expect(`${refused.status} ${refused.body.reason}`).toBe('403 scope_missing')
  const { data } = (await portal.call('PUT', `/api/channel/bookings/${mine}/cancel`, { by: 'patient' })).body
  expect(data.status).toBe('PATIENT_CANCELED')
})

test('after all of it the books are right', async () => {
  await server.stop()
  expect(faultsIn(await booksOf(server))).toEqual([])
})
