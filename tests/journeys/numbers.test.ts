import { afterAll, beforeAll, expect, setDefaultTimeout, test } from 'bun:test'
import { aHospital, aSession } from '../support/hospital'
import { type Server, startServer } from '../support/server'

setDefaultTimeout(60_000)

let server: Server
beforeAll(async () => {
  server = await startServer({
    seed: aHospital({
      sessions: [
        aSession({ startingNumber: 5, reservedNumbers: [7, 8, 11] }),
        aSession({ startingNumber: 10, reservedNumbers: [10, 11] }),
        aSession(),
        aSession({ capacity: 2 }),
        aSession({ capacity: 0 }),
        aSession({ reservedNumbers: [3], minutesPerPatient: 10 }),
      ],
    }),
  })
})
afterAll(() => server[Symbol.asyncDispose]())

const session = async (id: number) => (await server.call('GET', `/api/channel/sessions/${id}`)).body.data
const cancel = (id: number) => server.call('PUT', `/api/channel/bookings/${id}/cancel`)

/** Books, and makes sure that the number is the one that the session announced. */
async function book(sessionInstanceId: number) {
  const { nextNumber, nextTurnAt } = await session(sessionInstanceId)
  const { status, body } = await server.call('POST', '/api/channel/bookings', { sessionInstanceId, patientId: 1 })
  expect(status).toBe(201)
  expect(body.data.number).toBe(nextNumber)
  expect(body.data.estimatedAt).toBe(nextTurnAt)
  return body.data as { id: number; number: number; estimatedAt: string; startsAt: string }
}

test('numbers begin at the starting number of the session and pass over the reserved ones', async () => {
  const numbers = []
  for (let count = 0; count < 6; count++) numbers.push((await book(1)).number)
  expect(numbers).toEqual([5, 6, 9, 10, 12, 13])
})

test('a reserved starting number is passed over too', async () => {
  expect((await book(2)).number).toBe(12)
})

test('a number given back is the next one, the lowest first', async () => {
  const bookings = []
  for (let count = 0; count < 5; count++) bookings.push(await book(3))
  await cancel(bookings[3]!.id)
  await cancel(bookings[1]!.id)
  expect((await session(3)).nextNumber).toBe(2)
  expect((await book(3)).number).toBe(2)
  expect((await book(3)).number).toBe(4)
  expect((await book(3)).number).toBe(6)
})

test('a full session announces no number, and the one given back as soon as there is one', async () => {
  const first = await book(4)
  await book(4)
  expect(await session(4)).toMatchObject({ status: 'Full', bookable: false, remaining: 0, nextNumber: null })
  const refused = await server.call('POST', '/api/channel/bookings', { sessionInstanceId: 4, patientId: 1 })
  expect(refused.status).toBe(409)
  expect(refused.body).toMatchObject({ status: 'error', code: 409, reason: 'session_full' })
  await cancel(first.id)
  expect(await session(4)).toMatchObject({ status: 'Available', bookable: true, remaining: 1, nextNumber: 1 })
  expect((await book(4)).number).toBe(1)
})

test('a session of capacity 0 is never full', async () => {
  for (let count = 0; count < 40; count++) await book(5)
  expect(await session(5)).toMatchObject({
    status: 'Available',
    capacity: 0,
    booked: 40,
    remaining: null,
    nextNumber: 41,
  })
})

test('the turn of a number is told by the minutes that a patient takes', async () => {
  const minutes = async () => {
    const { estimatedAt, startsAt } = await book(6)
    return (Date.parse(`${estimatedAt.replace(' ', 'T')}Z`) - Date.parse(`${startsAt.replace(' ', 'T')}Z`)) / 60_000
  }
  expect([await minutes(), await minutes(), await minutes()]).toEqual([0, 10, 30])
})
