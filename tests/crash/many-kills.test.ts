import { expect, setDefaultTimeout, test } from 'bun:test'
import { faultsIn, readBooks } from '../support/books'
import { type Chance, chanceFor } from '../support/chance'
import { aHospital, aSession } from '../support/hospital'
import { type Server, startServer } from '../support/server'
import { type Changed, changed } from './changes'
import { type Asked, book, broken, type Promised } from './promises'
import { READY_MS_MAX, restartTimed, SINGLE_READY_MS_MAX } from './steps'

const NIGHTLY = process.env.NIGHTLY === '1'
const ROUNDS = NIGHTLY ? 1000 : 200
/** With the log brought to the file all the time; that each write to the file can be the last one is for `every-step.test.ts`. */
const ROUNDS_EMPTYING = NIGHTLY ? 250 : 10
const SESSIONS = 3
const CALLERS = 4
/** So many starts are after an orderly end at least, which say what a start takes on this machine, and at this hour. */
const ORDERLY_MIN = 5
/** How much longer a start may take after a kill, where the machine has more to do than it can. */
const AFTER_KILL_MAX = 2
/** A kill comes within this time after the first booking of a round is asked for; the first answer takes about half of it. */
const WITHIN_MS = 100

setDefaultTimeout(ROUNDS * 5000)

const hospital = (how?: Changed) =>
  startServer({
    ...changed(how),
    seed: aHospital({
      sessions: Array.from({ length: SESSIONS }, () => aSession({ capacity: 0 })),
      patients: CALLERS,
    }),
  })

interface Round {
  promised: Promised[]
  /** Asked for, and never answered. */
  unanswered: Asked[]
}

/**
 * Some callers, who book one place after another until the server is killed.
 * @param answered whether it is killed only once somebody was answered, which a busy machine may take its time for
 */
async function bookUntilKilled(server: Server, chance: Chance, name: string, answered = false): Promise<Round> {
  const done: Round = { promised: [], unanswered: [] }
  const first = Promise.withResolvers<void>()
  const callers = Array.from({ length: CALLERS }, async (_, caller) => {
    for (let count = 1; ; count++) {
      const reference = `${name}-${caller}-${count}`
      const body = { sessionInstanceId: 1 + (count % SESSIONS), patientId: 1 + caller, reference }
      const asked = { name: reference, body }
      const reply = await book(server, asked)
      if (!reply) return done.unanswered.push(asked)
      expect(reply.status).toBe(201)
      done.promised.push(reply.body.data)
      first.resolve()
    }
  })
  if (answered) await first.promise
  await Bun.sleep(chance.next() * WITHIN_MS)
  await server.kill()
  await Promise.all(callers)
  return done
}

/** The value that such a share of them is no greater than. */
const shareOf = (values: number[], share: number): number =>
  values.toSorted((a, b) => a - b)[Math.ceil(share * values.length) - 1]!

const faultsNow = (server: Server, promised: Promised[]) => {
  const books = readBooks(server.dataDir)
  return [...faultsIn(books), ...broken(promised, books)]
}

test.each([
  [ROUNDS, 'as it is', undefined],
  [ROUNDS_EMPTYING, 'its log brought to the file all the time', 'empties the log often'],
] as const)(
  'killed %d times at random, %s, it is ready again at once with all it acknowledged, and makes what it did not when asked again',
  async (rounds, _, how) => {
    const chance = chanceFor('many kills')
    await using server = await hospital(how)
    const promised: Promised[] = []
    const readyMs: number[] = []
    const orderlyMs: number[] = []
    let asked = 0
    let acknowledged = 0

    const orderlyEvery = Math.min(10, rounds / ORDERLY_MIN)
    for (let round = 1; round <= rounds; round++) {
      const done = await bookUntilKilled(server, chance, `r${round}`)
      promised.push(...done.promised)
      acknowledged += done.promised.length
      asked += done.promised.length + done.unanswered.length
      expect(faultsNow(server, promised)).toEqual([])

      readyMs.push(await restartTimed(server))
      if (round % orderlyEvery === 0) {
        await server.stop()
        orderlyMs.push(await restartTimed(server))
      }
      const again = await Promise.all(done.unanswered.map((one) => book(server, one)))
      for (const reply of again) {
        expect(reply?.status).toBe(201)
        promised.push(reply!.body.data)
      }
    }

    await server.kill()
    expect(faultsNow(server, promised)).toEqual([])
    // asked again and again, none was made twice
    const { bookings } = readBooks(server.dataDir)
    expect(bookings).toHaveLength(asked)
    expect(new Set(bookings.map(({ reference }) => reference)).size).toBe(asked)
    const [half, most, longest] = [0.5, 0.95, 1].map((share) => shareOf(readyMs, share)) as [number, number, number]
    const [orderly, orderlyMost] = [shareOf(orderlyMs, 0.5), shareOf(orderlyMs, 0.95)]
    console.log(
      `${asked} bookings, ${acknowledged} acknowledged; ready after ${half.toFixed()} ms, 95 of 100 within ${most.toFixed()} ms, all within ${longest.toFixed()} ms; after an orderly end after ${orderly.toFixed()} and ${orderlyMost.toFixed()} ms`,
    )
    // kills found bookings on either side of their answer
    expect(acknowledged).toBeGreaterThan(rounds)
    expect(asked - acknowledged).toBeGreaterThan(rounds)
    expect(half).toBeLessThanOrEqual(Math.max(READY_MS_MAX, AFTER_KILL_MAX * orderly))
    expect(most).toBeLessThanOrEqual(Math.max(READY_MS_MAX, AFTER_KILL_MAX * orderlyMost))
    expect(longest).toBeLessThanOrEqual(Math.max(SINGLE_READY_MS_MAX, AFTER_KILL_MAX * orderlyMost))
  },
)

test('the check sees an answer that goes out before the commit', async () => {
  const chance = chanceFor('kills of a server that answers first')
  await using server = await hospital('answers first')
  const promised: Promised[] = []
  let faults: string[] = []
  for (let round = 1; round <= 10 && faults.length === 0; round++) {
    promised.push(...(await bookUntilKilled(server, chance, `r${round}`, true)).promised)
    faults = faultsNow(server, promised)
    if (faults.length === 0) await server.restart()
  }
  expect(faults).toContainEqual(
    expect.stringMatching(/^booking \d+ (was promised and is lost|is not what was promised)$/),
  )
})
