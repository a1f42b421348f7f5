import { expect, setDefaultTimeout, test } from 'bun:test'
import { booksOf, faultsIn } from '../support/books'
import { type Chance, chanceFor } from '../support/chance'
import { type ApiClient, aClient } from '../support/client'
import { type Asked, pooled } from '../support/crowd'
import { aHospital, aSession } from '../support/hospital'
import { type Server, startServer } from '../support/server'

setDefaultTimeout(600_000)

const CONNECTIONS = 256
const PATIENTS = 500

/** Attempts at a place in a session, by whomever chance picks: some hold, some with a reference of their own. */
const attempts = (count: number, sessionInstanceId: number, clients: ApiClient[], chance: Chance): Asked[] =>
  Array.from({ length: count }, (_, attempt) => ({
    method: 'POST',
    path: '/api/channel/bookings',
    key: chance.one(clients).key,
    body: {
      sessionInstanceId,
      patientId: 1 + chance.whole(PATIENTS),
      hold: chance.next() < 0.3,
      ...(chance.next() < 0.2 && { reference: `${sessionInstanceId}-${attempt}` }),
    },
  }))

const clientsOf = (server: Server) => Promise.all(Array.from({ length: 5 }, () => aClient(server)))

const upTo = (last: number) => Array.from({ length: last }, (_, index) => index + 1)

/** What each was told: those served, and the rest by what they heard. */
function sorted(replies: Awaited<ReturnType<typeof pooled>>) {
  const heard = Map.groupBy(replies, ({ status, body }) => (status === 201 ? 'served' : `${status} ${body.reason}`))
  const served = (heard.get('served') ?? []).map(({ body }) => body.data)
  return { served, heard: Object.fromEntries([...heard].map(([what, among]) => [what, among.length])) }
}

const ATTEMPTS = 10_000
const SEEDS = 20

test(`of ${ATTEMPTS} attempts for one place over ${CONNECTIONS} connections, ${SEEDS} times over, one succeeds`, async () => {
  const chance = chanceFor('one place')
  await using server = await startServer({
    seed: aHospital({ sessions: upTo(SEEDS).map(() => aSession({ capacity: 1 })), patients: PATIENTS }),
  })
  const clients = await clientsOf(server)
  const told: string[] = []
  for (const id of upTo(SEEDS)) {
    const { served, heard } = sorted(await pooled(server, attempts(ATTEMPTS, id, clients, chance), CONNECTIONS))
    expect(heard).toEqual({ served: 1, '409 session_full': ATTEMPTS - 1 })
    told.push(...served.map((booking) => `${booking.sessionId} ${booking.number} ${booking.id}`))
  }
  await server.stop()
  const books = await booksOf(server)
  expect(faultsIn(books)).toEqual([])
  expect(books.bookings.map(({ session_id, number, id }) => `${session_id} ${number} ${id}`)).toEqual(told)
  expect(books.bookings.map(({ session_id, number }) => `${session_id} ${number}`)).toEqual(
    upTo(SEEDS).map((session) => `${session} 1`),
  )
})

test('of 5000 attempts for 300 places, 300 succeed with the numbers 1 to 300', async () => {
  const PLACES = 300
  const chance = chanceFor('300 places')
  await using server = await startServer({
    seed: aHospital({ sessions: [aSession({ capacity: PLACES })], patients: PATIENTS }),
  })
  const clients = await clientsOf(server)
  const { served, heard } = sorted(await pooled(server, attempts(5000, 1, clients, chance), CONNECTIONS))
  expect(heard).toEqual({ served: PLACES, '409 session_full': 5000 - PLACES })
  expect(served.map(({ number }) => number).sort((a, b) => a - b)).toEqual(upTo(PLACES))
  await server.stop()
  const books = await booksOf(server)
  expect(faultsIn(books)).toEqual([])
  const of = ({ id, number, patientId }: { id: number; number: number; patientId: number }) =>
    `${id} ${number} ${patientId}`
  expect(books.bookings.map(({ patient_id, ...row }) => of({ ...row, patientId: patient_id }))).toEqual(
    served.sort((a, b) => a.id - b.id).map(of),
  )
})
