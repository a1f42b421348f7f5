import { expect, setDefaultTimeout, test } from 'bun:test'
import { booksOf, faultsIn } from '../support/books'
import { aHospital, aSession } from '../support/hospital'
import { type Server, startServer } from '../support/server'

setDefaultTimeout(60_000)

const book = (server: Server, sessionInstanceId: number, more: object = {}) =>
  server.call('POST', '/api/channel/bookings', { sessionInstanceId, patientId: 1, ...more })
const move = (server: Server, id: number, sessionInstanceId: number) =>
  server.call('PUT', `/api/channel/bookings/${id}/reschedule`, { sessionInstanceId })
const session = async (server: Server, id: number) =>
  (await server.call('GET', `/api/channel/sessions/${id}`)).body.data
const history = async (server: Server, id: number) =>
  (await server.call('GET', `/api/channel/bookings/${id}/history`)).body.data

test('a moved booking keeps its id, takes the lowest number and the fee over there, and gives its old number back', async () => {
  await using server = await startServer({
    seed: aHospital({
      sessions: [
        aSession(),
        aSession({ startingNumber: 20, reservedNumbers: [20], doctorFee: 300_000, startsInMinutes: 300 }),
      ],
    }),
  })
  const booked = (await book(server, 1, { reference: 'MINE-1', paymentMethod: 'Card', itemId: 3 })).body.data
  await book(server, 1)
  const before = await session(server, 2)

  const moved = await move(server, booked.id, 2)
  expect(moved.status).toBe(200)
  expect(moved.body.data).toEqual({
    ...booked,
    sessionId: 2,
    number: before.nextNumber,
    consultant: 'Dr Consultant 2',
    startsAt: before.startsAt,
    estimatedAt: before.nextTurnAt,
    fee: { doctor: 3000, hospital: 500, total: 3500 },
    feeDifference: 1000,
  })
  expect(moved.body.data.number).toBe(21)
  const { feeDifference: _, ...moving } = moved.body.data
  expect((await server.call('GET', `/api/channel/bookings/${booked.id}`)).body.data).toEqual(moving)

  expect(await session(server, 1)).toMatchObject({ booked: 1, nextNumber: 1 })
  expect(await session(server, 2)).toMatchObject({ booked: 1, nextNumber: 22 })
  expect((await book(server, 1)).body.data.number).toBe(1)

  const back = await move(server, booked.id, 1)
  expect(back.body.data).toMatchObject({
    id: booked.id,
    sessionId: 1,
    number: 3,
    fee: booked.fee,
    feeDifference: -1000,
  })
  expect(await session(server, 2)).toMatchObject({ booked: 0, nextNumber: 21 })
  expect((await history(server, booked.id)).map(({ type }: { type: string }) => type)).toEqual([
    'booking.completed',
    'booking.rescheduled',
    'booking.rescheduled',
  ])
  await server.stop()
  expect(faultsIn(await booksOf(server))).toEqual([])
})

test('a refused move changes nothing', async () => {
  await using server = await startServer({
    seed: async (database) => {
      const sessions = [aSession(), aSession({ capacity: 1 }), aSession(), aSession({ startsInMinutes: -300 })]
      await aHospital({ sessions })(database)
      await database.write([{ sql: 'UPDATE session SET held_at = 1 WHERE id = 3', args: [] }])
    },
  })
  const booked = (await book(server, 1)).body.data
  await book(server, 2)
  const everything = async () => [
    (await server.call('GET', `/api/channel/bookings/${booked.id}`)).body.data,
    await history(server, booked.id),
    ...(await Promise.all([1, 2, 3, 4].map((id) => session(server, id)))),
  ]
  const before = await everything()
  for (const [to, refusal] of [
    [1, '409 same_session'],
    [2, '409 session_full'],
    [3, '409 session_not_bookable'],
    [4, '409 session_not_bookable'],
    [99, '404 session_not_found'],
    [0, '400 invalid_request'],
  ] as const) {
    const { status, body } = await move(server, booked.id, to)
    expect(`to ${to}: ${status} ${body.reason}`).toBe(`to ${to}: ${refusal}`)
  }
  expect((await move(server, 99, 2)).body.reason).toBe('booking_not_found')
  expect(await everything()).toEqual(before)
})

test('of two bookings that move to one last place, one gets there and the other stays', async () => {
  await using server = await startServer({ seed: aHospital({ sessions: [aSession(), aSession({ capacity: 1 })] }) })
  const ids = [(await book(server, 1)).body.data.id, (await book(server, 1)).body.data.id]
  const replies = await Promise.all(ids.map((id) => move(server, id, 2)))
  expect(replies.map(({ status, body }) => body.reason ?? status).sort()).toEqual([200, 'session_full'])
  expect(await session(server, 1)).toMatchObject({ booked: 1 })
  expect(await session(server, 2)).toMatchObject({ booked: 1 })
})

test('two bookings that change places with each other both arrive', async () => {
  await using server = await startServer({ seed: aHospital({ sessions: [aSession(), aSession()] }) })
  const here = (await book(server, 1)).body.data.id
  const there = (await book(server, 2)).body.data.id
  const replies = await Promise.all([move(server, here, 2), move(server, there, 1)])
  expect(replies.map(({ status }) => status)).toEqual([200, 200])
  expect(replies.map(({ body }) => body.data.sessionId)).toEqual([2, 1])
  await server.stop()
  expect(faultsIn(await booksOf(server))).toEqual([])
})
