import { afterAll, beforeAll, expect, setDefaultTimeout, test } from 'bun:test'
import { type Books, booksOf, faultsIn } from '../support/books'
import { crowd } from '../support/crowd'
import { aHospital, aSession } from '../support/hospital'
import type { Reply } from '../support/reply'
import { type Server, startServer } from '../support/server'
import { type Services, startServices } from '../support/services'
import { bookStraight } from '../support/straight'

setDefaultTimeout(120_000)

const ATTEMPTS = 1000
const REPLICAS = 4

let services: Services
let server: Server
beforeAll(async () => {
  services = await startServices({
    seed: aHospital({
      sessions: [1, 300, 1, 300].map((capacity) => aSession({ capacity })),
      patients: 10,
    }),
    replicas: { bookings: REPLICAS },
    environment: { LOG_LEVEL: 'warn' },
  })
  server = await startServer({ environment: services.environment, quiet: true })
})
afterAll(async () => {
  await server?.[Symbol.asyncDispose]()
  await services?.[Symbol.asyncDispose]()
})

const bodyOf = (sessionInstanceId: number, attempt: number) => ({ sessionInstanceId, patientId: 1 + (attempt % 10) })

type Answer = Pick<Reply, 'status' | 'body'>

/** Whoever is told that it was too much at once asks again, as the answer says. */
async function until(ask: () => Promise<Answer>): Promise<Answer> {
  for (;;) {
    const answer = await ask()
    if (answer.status !== 503) return answer
    await Bun.sleep(Math.random() * 50)
  }
}

function expectSold(answers: Answer[], places: number): number[] {
  const sold = answers.filter(({ status }) => status === 201)
  const numbers = sold.map(({ body }) => body.data.number as number).toSorted((a, b) => a - b)
  expect(numbers).toEqual(Array.from({ length: places }, (_, index) => index + 1))
  const refused = answers.filter(({ status }) => status !== 201).map(({ status, body }) => `${status} ${body.reason}`)
  expect(refused).toEqual(Array(answers.length - places).fill('409 session_full'))
  return numbers
}

async function expectKept(sessionId: number, numbers: number[]): Promise<void> {
  const books: Books = await booksOf({ dataDir: server.dataDir, services })
  expect(faultsIn(books)).toEqual([])
  const kept = books.bookings.filter((booking) => booking.session_id === sessionId).map(({ number }) => number)
  expect(kept.toSorted((a, b) => a - b)).toEqual(numbers)
}

test.each([
  [1, 1],
  [2, 300],
])(
  `of ${ATTEMPTS} callers at once at a gateway before ${REPLICAS} replicas, in session %i as many are served as it has places: %i`,
  async (sessionId, places) => {
    const asked = Array.from({ length: ATTEMPTS }, (_, attempt) => ({
      method: 'POST',
      path: '/api/channel/bookings',
      body: bodyOf(sessionId, attempt),
    }))
    const answers = await crowd(server, asked)
    const again = await Promise.all(
      answers.map((answer, attempt) =>
        answer.status === 503
          ? until(() => server.call('POST', '/api/channel/bookings', bodyOf(sessionId, attempt)))
          : answer,
      ),
    )
    await expectKept(sessionId, expectSold(again, places))
  },
)

test.each([
  [3, 1],
  [4, 300],
])(
  `of ${ATTEMPTS} callers straight at ${REPLICAS} replicas, all of which sell session %i, as many are served as it has places: %i`,
  async (sessionId, places) => {
    const origins = services.processes.bookings.map(({ url }) => url)
    const answers = await Promise.all(
      Array.from({ length: ATTEMPTS }, (_, attempt) => {
        const headers = { 'idempotency-key': `${sessionId}-${attempt}` }
        const origin = origins[attempt % origins.length]!
        return until(() => bookStraight(services, origin, bodyOf(sessionId, attempt), headers))
      }),
    )
    await expectKept(sessionId, expectSold(answers, places))
  },
)
