import { expect, setDefaultTimeout, test } from 'bun:test'
import { booksOf, faultsIn } from '../support/books'
import { chanceFor } from '../support/chance'
import { aClient } from '../support/client'
import { type Asked, pooled } from '../support/crowd'
import { aHospital, aSession } from '../support/hospital'
import { startServer } from '../support/server'

setDefaultTimeout(120_000)

const ROUNDS = 20
const REPEATED = 50
const OTHERS = 100

test(`an Idempotency-Key sent ${REPEATED} times at once, amid other bookings and ${ROUNDS} times over, makes one booking and gets one answer`, async () => {
  const chance = chanceFor('once')
  await using server = await startServer({
    // half of all this is held
    environment: { HOLDS_PER_CLIENT: '0' },
    seed: aHospital({
      sessions: [aSession({ capacity: 0 }), aSession({ capacity: 0 }), aSession({ capacity: 0 })],
      patients: 20,
    }),
  })
  const agent = await aClient(server)
  const other = await aClient(server)
  for (let round = 1; round <= ROUNDS; round++) {
    const booking = (key: string): Asked => ({
      method: 'POST',
      path: '/api/channel/bookings',
      key,
      body: { sessionInstanceId: 1 + chance.whole(3), patientId: 1 + chance.whole(20), hold: chance.next() < 0.5 },
    })
    const repeated = { ...booking(agent.key), headers: { 'idempotency-key': `round-${round}` } }
    // the same key in the hands of another client is another key
    const namesake = { ...repeated, key: other.key }
    const line: Asked[] = [
      ...Array<Asked>(REPEATED).fill(repeated),
      ...Array<Asked>(REPEATED).fill(namesake),
      ...Array.from({ length: OTHERS }, () => booking(other.key)),
    ]
    const order = line.map((asked) => ({ asked, at: chance.next() })).sort((a, b) => a.at - b.at)
    const requests = order.map(({ asked }) => asked)
    const replies = await pooled(server, requests)
    expect(replies.map(({ status }) => status)).toEqual(requests.map(() => 201))
    const ids = [repeated, namesake].map((asked) => {
      const among = replies.filter((_, index) => requests[index] === asked)
      expect(new Set(among.map(({ text }) => text)).size).toBe(1)
      expect(new Set(among.map(({ headers }) => headers.get('location'))).size).toBe(1)
      expect(among.filter(({ headers }) => headers.get('idempotent-replay') === null)).toHaveLength(1)
      return among[0]!.body.data.id
    })
    expect(ids[0]).not.toBe(ids[1])
  }
  await server.stop()
  const books = await booksOf(server)
  expect(faultsIn(books)).toEqual([])
  expect(books.bookings).toHaveLength(ROUNDS * (2 + OTHERS))
})
