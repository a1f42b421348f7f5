import { expect, setDefaultTimeout, test } from 'bun:test'
import { booksOf, faultsIn } from '../support/books'
import { chanceFor } from '../support/chance'
import { type ApiClient, aClient } from '../support/client'
import { aHospital, aSession } from '../support/hospital'
import { startServer } from '../support/server'

setDefaultTimeout(60_000)

const WORKERS = 40
const ACTS_EACH = 60

/** Everything that a caller in the storm may hear; each refusal is one that its act can meet. */
const expected = {
  book: ['201', '409 session_full'],
  cancel: ['200', '409 booking_not_active'],
  reschedule: ['200', '409 booking_not_active', '409 session_full', '409 same_session'],
  complete: ['200', '409 booking_not_active'],
}

type Act = keyof typeof expected

test('a storm of bookings, cancellations and moves leaves every place, number and event right', async () => {
  const chance = chanceFor('a storm')
  await using server = await startServer({
    seed: aHospital({
      sessions: [
        aSession({ capacity: 25 }),
        aSession({ capacity: 40, reservedNumbers: [2, 3, 11] }),
        aSession({ capacity: 0 }),
      ],
      patients: 50,
    }),
  })
  const clients = await Promise.all([aClient(server), aClient(server), aClient(server, { access: 'all' })])
  /** Bookings that any worker may lay hands on, so that two meet at one booking too. */
  const made: { id: number; client: ApiClient }[] = []
  const heard = new Map<string, number>()
  let changes = 0

  async function act(): Promise<void> {
    const known = made.length > 0 ? chance.one(made) : undefined
    const doing: Act = known ? chance.one(['book', 'book', 'cancel', 'reschedule', 'complete'] as const) : 'book'
    const client = known?.client ?? chance.one(clients)
    const sessionInstanceId = 1 + chance.whole(3)
    const reply =
      doing === 'book'
        ? await client.call('POST', '/api/channel/bookings', {
            sessionInstanceId,
            patientId: 1 + chance.whole(50),
            hold: chance.next() < 0.3,
          })
        : await client.call(
            'PUT',
            `/api/channel/bookings/${known!.id}/${doing}`,
            doing === 'reschedule' ? { sessionInstanceId } : undefined,
          )
    const told = reply.status < 300 ? String(reply.status) : `${reply.status} ${reply.body.reason}`
    expect(expected[doing]).toContain(told)
    heard.set(`${doing} ${told}`, (heard.get(`${doing} ${told}`) ?? 0) + 1)
    if (reply.status < 300) changes++
    if (reply.status === 201) made.push({ id: reply.body.data.id, client })
  }

  await Promise.all(
    Array.from({ length: WORKERS }, async () => {
      for (let count = 0; count < ACTS_EACH; count++) await act()
    }),
  )

  // it was a storm: everything that can be met was met
  const everything = Object.entries(expected).flatMap(([doing, tolds]) => tolds.map((told) => `${doing} ${told}`))
  expect([...heard.keys()].sort()).toEqual(everything.sort())
  await server.stop()
  const books = await booksOf(server)
  expect(faultsIn(books)).toEqual([])
  expect(books.events).toHaveLength(changes)
  expect(books.bookings.map(({ id }) => id)).toEqual(made.map(({ id }) => id).sort((a, b) => a - b))
})
