import { afterAll, beforeAll, expect, setDefaultTimeout, test } from 'bun:test'
import { booksOf, faultsIn } from '../support/books'
import { aHospital, aSession } from '../support/hospital'
import { type LostAnswers, startLostAnswers } from '../support/lost-answers'
import { type Server, startServer } from '../support/server'
import { type Services, startServices } from '../support/services'

setDefaultTimeout(60_000)

let network: LostAnswers
let services: Services
let server: Server
beforeAll(async () => {
  services = await startServices({
    seed: aHospital({ sessions: Array.from({ length: 5 }, () => aSession({ capacity: 0 })), patients: 3 }),
    replicas: { bookings: 2 },
    through: async (url) => {
      network = await startLostAnswers(url)
      return network.url
    },
  })
  server = await startServer({ environment: services.environment })
})
afterAll(async () => {
  await server?.[Symbol.asyncDispose]()
  await services?.[Symbol.asyncDispose]()
  await network?.[Symbol.asyncDispose]()
})

const SAVING = 'INSERT INTO booking '

const book = (sessionInstanceId: number, key?: string) =>
  server.call(
    'POST',
    '/api/channel/bookings',
    { sessionInstanceId, patientId: 1 },
    key === undefined ? {} : { headers: { 'idempotency-key': key } },
  )

const booked = async (sessionId: number) => {
  const books = await booksOf({ dataDir: server.dataDir, services })
  expect(faultsIn(books)).toEqual([])
  return books.bookings.filter((booking) => booking.session_id === sessionId)
}

const expectUnknown = ({ status, body, headers }: Awaited<ReturnType<typeof book>>) => {
  expect({ status, reason: body.reason }).toEqual({ status: 503, reason: 'service_unavailable' })
  expect(headers.get('retry-after')).toBe('1')
}

test('the answer to a commit is lost: the same Idempotency-Key gets the first answer, from any replica, and one booking was made', async () => {
  network.loseAnswerTo(SAVING)
  expectUnknown(await book(1, 'a'))
  const [made] = await booked(1)
  const again = await book(1, 'a')
  expect(again.status).toBe(201)
  expect(again.headers.get('idempotent-replay')).toBe('true')
  expect(again.body.data).toMatchObject({ id: made!.id, number: made!.number, status: 'ACTIVE' })
  await services.processes.bookings[0]!.stop()
  const elsewhere = await book(1, 'a')
  expect(elsewhere.body.data.id).toBe(made!.id)
  await services.processes.bookings[0]!.start()
  await services.processes.bookings[1]!.stop()
  expect((await book(1, 'a')).body.data.id).toBe(made!.id)
  await services.processes.bookings[1]!.start()
  expect(await booked(1)).toHaveLength(1)
  expect(network.lost()).toBe(1)
})

test('without an Idempotency-Key the caller is told that nobody knows, and nothing is made twice', async () => {
  network.loseAnswerTo(SAVING)
  expectUnknown(await book(2))
  const made = await booked(2)
  expect(made).toHaveLength(1)
  // what follows takes the next number: the engine does not believe that nothing was saved
  const next = await book(2)
  expect(next.body.data.number).toBe(made[0]!.number + 1)
})

test('the request for a commit is lost: it is the same for the caller, and the same Idempotency-Key makes the booking', async () => {
  network.loseRequestWith(SAVING)
  expectUnknown(await book(3, 'b'))
  expect(await booked(3)).toEqual([])
  const again = await book(3, 'b')
  expect(again.status).toBe(201)
  expect(again.headers.get('idempotent-replay')).toBeNull()
  expect(await booked(3)).toHaveLength(1)
})

test('everybody of a group whose answer is lost is told the same, and each gets one booking by asking again', async () => {
  const keys = Array.from({ length: 20 }, (_, index) => `group-${index}`)
  network.loseAnswerTo(SAVING)
  const first = await Promise.all(keys.map((key) => book(4, key)))
  expect(first.map(({ status }) => status)).toContain(503)
  for (const answer of first) if (answer.status !== 201) expectUnknown(answer)
  const then = await Promise.all(keys.map((key) => book(4, key)))
  expect(then.map(({ status }) => status)).toEqual(keys.map(() => 201))
  expect(await booked(4)).toHaveLength(keys.length)
})

test('of a cancellation whose answer is lost the place is given back once', async () => {
  const kept = (await book(5)).body.data
  const { id } = (await book(5)).body.data
  network.loseAnswerTo('UPDATE booking SET')
  expectUnknown(await server.call('PUT', `/api/channel/bookings/${id}/cancel`))
  const again = await server.call('PUT', `/api/channel/bookings/${id}/cancel`)
  expect([again.status, again.body.reason]).toEqual([409, 'booking_not_active'])
  const rows = await booked(5)
  expect(rows.filter(({ status }) => status === 'ACTIVE').map((row) => row.id)).toEqual([kept.id])
})
