import { expect, setDefaultTimeout, test } from 'bun:test'
import { booksOf, faultsIn } from '../support/books'
import { aClient } from '../support/client'
import { crowd } from '../support/crowd'
import { aHospital, aSession } from '../support/hospital'
import { startServer } from '../support/server'

setDefaultTimeout(60_000)

const ROUNDS = 20
const CALLERS = 200

test(`of ${CALLERS} callers for the last place, ${ROUNDS} times over, one gets it and the others are told that the session is full`, async () => {
  const capacities = Array.from({ length: ROUNDS }, (_, round) => 1 + (round % 3))
  await using server = await startServer({
    seed: aHospital({ sessions: capacities.map((capacity) => aSession({ capacity })), patients: CALLERS }),
  })
  const clients = await Promise.all(Array.from({ length: 4 }, () => aClient(server)))
  for (const [round, capacity] of capacities.entries()) {
    const sessionInstanceId = round + 1
    for (let taken = 1; taken < capacity; taken++) {
      expect((await server.call('POST', '/api/channel/bookings', { sessionInstanceId, patientId: taken })).status).toBe(
        201,
      )
    }
    const replies = await crowd(
      server,
      Array.from({ length: CALLERS }, (_, caller) => ({
        method: 'POST',
        path: '/api/channel/bookings',
        key: clients[caller % clients.length]!.key,
        body: { sessionInstanceId, patientId: caller + 1 },
      })),
    )
    const served = replies.filter(({ status }) => status === 201)
    expect(served.map(({ body }) => body.data.number)).toEqual([capacity])
    const refused = replies.filter(({ status }) => status !== 201)
    expect(refused.map(({ status, body }) => `${status} ${body.code} ${body.reason}`)).toEqual(
      Array(CALLERS - 1).fill('409 409 session_full'),
    )
    const { body } = await server.call('GET', `/api/channel/sessions/${sessionInstanceId}`)
    expect(body.data).toMatchObject({ status: 'Full', bookable: false, booked: capacity, remaining: 0 })
  }
  await server.stop()
  const books = await booksOf(server)
  expect(faultsIn(books)).toEqual([])
  expect(books.bookings).toHaveLength(capacities.reduce((sum, capacity) => sum + capacity))
})
