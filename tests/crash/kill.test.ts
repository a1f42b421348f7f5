import { expect, setDefaultTimeout, test } from 'bun:test'
import { truncateSync } from 'node:fs'
import { join } from 'node:path'
import { type Books, faultsIn, readBooks } from '../support/books'
import { chanceFor } from '../support/chance'
import { aHospital, aSession } from '../support/hospital'
import { startServer } from '../support/server'
import { type Asked, book, broken, type Promised } from './promises'

setDefaultTimeout(180_000)

const ROUNDS = 10
const IN_FLIGHT = 200
const SESSIONS = 4

const asking = (round: number): Asked[] =>
  Array.from({ length: IN_FLIGHT }, (_, index) => {
    const name = `r${round}-${index}`
    return { name, body: { sessionInstanceId: 1 + (index % SESSIONS), patientId: 1 + index, reference: name } }
  })

const hospital = () =>
  startServer({
    seed: aHospital({
      sessions: Array.from({ length: SESSIONS }, () => aSession({ capacity: ROUNDS * IN_FLIGHT })),
      patients: IN_FLIGHT,
    }),
  })

test(`whenever it is killed among ${IN_FLIGHT} bookings, each that was acknowledged is there after the restart, with its event, and each that was not can be asked for again`, async () => {
  const chance = chanceFor('a kill')
  await using server = await hospital()
  const promised: Promised[] = []
  let span = 0
  let unanswered = 0

  for (let round = 0; round <= ROUNDS; round++) {
    const asked = asking(round)
    const began = performance.now()
    let heard = 0
    const enough = Promise.withResolvers<void>()
    // by turns after some time, wherever that finds it, and after some answers, in the midst of the rest
    const answers = round === 0 ? IN_FLIGHT : 1 + chance.whole(IN_FLIGHT / 2)
    const moment = chance.next() * span
    const replies = asked.map(async (one) => {
      const reply = await book(server, one)
      if (++heard === answers) enough.resolve()
      return reply
    })
    await (round % 2 === 1 ? Bun.sleep(moment) : enough.promise)
    // the first round runs to its end, to learn within what time a kill finds bookings in flight
    if (round === 0) span = (performance.now() - began) * 0.7
    await server.kill()
    const answered = await Promise.all(replies)
    if (round === 0) expect(answered).not.toContain(undefined)
    for (const reply of answered) {
      if (!reply) unanswered++
      else {
        expect(reply.status).toBe(201)
        promised.push(reply.body.data)
      }
    }

    const books = readBooks(server.dataDir)
    expect(faultsIn(books)).toEqual([])
    expect(broken(promised, books)).toEqual([])

    await server.restart()
    const again = await Promise.all(asked.map((one) => book(server, one)))
    for (const [index, reply] of again.entries()) {
      expect(reply?.status).toBe(201)
      const first = answered[index]
      if (first) {
        expect(reply!.text).toBe(first.text)
        expect(reply!.headers.get('idempotent-replay')).toBe('true')
      } else promised.push(reply!.body.data)
    }
  }

  await server.stop()
  const books = readBooks(server.dataDir)
  expect(faultsIn(books)).toEqual([])
  expect(broken(promised, books)).toEqual([])
  // asked for again and again, none was made twice
  expect(books.bookings).toHaveLength((ROUNDS + 1) * IN_FLIGHT)
  expect(new Set(books.bookings.map(({ reference }) => reference)).size).toBe((ROUNDS + 1) * IN_FLIGHT)
  console.log(`${unanswered} of ${ROUNDS * IN_FLIGHT} were in flight when it was killed`)
  expect(unanswered).toBeGreaterThan(0)
  expect(unanswered).toBeLessThan(ROUNDS * IN_FLIGHT)
})

test('the check sees a promise that was not kept', async () => {
  await using server = await hospital()
  const replies = await Promise.all(
    asking(0)
      .slice(0, 8)
      .map((one) => book(server, one)),
  )
  await server.kill()
  const promised: Promised[] = replies.map((reply) => reply!.body.data)
  const spoilt = (...statements: string[]) =>
    readBooks(server.dataDir, (copy) => {
      for (const statement of statements) copy.run(statement)
    })
  const check = (books: Books) => [...broken(promised, books), ...faultsIn(books)]

  expect(check(spoilt())).toEqual([])
  expect(check(spoilt('DELETE FROM booking WHERE id = 3'))).toContain('booking 3 was promised and is lost')
  expect(check(spoilt('DELETE FROM event WHERE booking_id = 4'))).toEqual(['booking 4 has no event'])
  expect(check(spoilt('UPDATE seat SET taken = 9 WHERE session_id = 1'))).toEqual(['session 1 counts 9 taken, has 2'])
  const twice = spoilt('DROP INDEX booking_number', 'UPDATE booking SET number = 1 WHERE session_id = 2')
  expect(check(twice)).toContain('session 2 gave number 1 to 2 at a time')
  // commits that never reached the disk
  truncateSync(join(server.dataDir, 'channelling.db-wal'))
  expect(check(spoilt())).toEqual(promised.map(({ id }) => `booking ${id} was promised and is lost`))
})
