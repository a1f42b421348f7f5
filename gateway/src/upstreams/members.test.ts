import { afterEach, expect, test } from 'bun:test'
import type { Caller } from '@channelling/contract'
import { createLog } from '@channelling/http'
import { affinityOf } from './affinity'
import { remote } from './remote'
import { createSlots } from './slots'

const caller: Caller = { clientId: 3, keyId: 4, access: 'own', scopes: ['bookings:write'] }
const NAME = 'bookings.test'

const ends: (() => void)[] = []
afterEach(() => {
  for (const end of ends.splice(0)) end()
})

/** Replicas of one name: the same port, each at an address of its own. */
function replicasAt(addresses: string[]) {
  let port = 0
  const all = addresses.map((hostname) => {
    const server = Bun.serve({
      port,
      hostname,
      fetch: ({ url }) => new Response(url.endsWith('/health/live') ? '' : hostname),
    })
    port = server.port!
    ends.push(() => void server.stop(true))
    return server
  })
  return { port, close: (hostname: string) => all[addresses.indexOf(hostname)]!.stop(true) }
}

/** A service behind a name that stands for what it is told to stand for. */
function aNamed(port: number, addresses: string[] | Error) {
  const book = { addresses, looked: 0 }
  const service = remote({
    name: 'bookings',
    origins: [`dns+http://${NAME}:${port}`],
    atOnceMax: 48,
    secret: 'a secret for tests only',
    affinityOf,
    log: createLog('silent', 'test'),
    names: {
      lookEveryMs: 5,
      addressesOf: async (host) => {
        book.looked++
        expect(host).toBe(NAME)
        if (book.addresses instanceof Error) throw book.addresses
        return book.addresses
      },
    },
  })
  ends.push(() => service.close())
  const looked = async () => {
    for (const until = book.looked + 2; book.looked < until; ) await Bun.sleep(1)
  }
  const write = (session: number) =>
    service.send({ target: '/api/channel/bookings', method: 'POST', body: `{"sessionId":${session}}` }, caller).then(
      (response) => response.text(),
      (error) => error.reason as string,
    )
  return { book, looked, write }
}

const sessions = Array.from({ length: 60 }, (_, session) => session)

test('behind one name every replica gets requests, the writes of one session go to one of them, and new ones are found', async () => {
  const { port } = replicasAt(['127.0.0.2', '127.0.0.3', '127.0.0.4'])
  const { book, looked, write } = aNamed(port, ['127.0.0.2', '127.0.0.3'])
  // who comes before the name was looked up waits for that
  const homes = await Promise.all(sessions.map(write))
  expect([...new Set(homes)].sort()).toEqual(['127.0.0.2', '127.0.0.3'])
  expect(await Promise.all(sessions.map(write))).toEqual(homes)

  book.addresses = ['127.0.0.4', '127.0.0.3', '127.0.0.2']
  await looked()
  const more = await Promise.all(sessions.map(write))
  expect(new Set(more).size).toBe(3)
  more.forEach((home, session) => {
    if (home !== '127.0.0.4') expect(home).toBe(homes[session]!)
  })
})

test('one that is no longer named is sent nothing, and what it was asked before is answered', async () => {
  const held = Promise.withResolvers<void>()
  const server = Bun.serve({
    port: 0,
    hostname: '127.0.0.2',
    async fetch({ url }) {
      if (!url.endsWith('/health/live')) await held.promise
      return new Response('127.0.0.2')
    },
  })
  ends.push(() => void server.stop(true))
  const { book, looked, write } = aNamed(server.port!, ['127.0.0.2'])
  await looked()
  const before = write(1)
  while (server.pendingRequests === 0) await Bun.sleep(1)
  book.addresses = ['127.0.0.3']
  await looked()
  expect(await write(1)).toBe('service_unavailable')
  held.resolve()
  expect(await before).toBe('127.0.0.2')
})

test('where the name cannot be looked up any more the replicas stay, and where it never could the answer is 503 at once', async () => {
  const { port } = replicasAt(['127.0.0.2'])
  const { book, looked, write } = aNamed(port, ['127.0.0.2'])
  await looked()
  book.addresses = new Error('No resolver')
  await looked()
  expect(await write(1)).toBe('127.0.0.2')
  book.addresses = []
  await looked()
  expect(await write(1)).toBe('127.0.0.2')

  const nowhere = aNamed(port, new Error('No resolver'))
  await nowhere.looked()
  expect(await nowhere.write(1)).toBe('service_unavailable')
})

test('what may be under way at a time is shared by as many as there are', async () => {
  const slots = createSlots(4)
  const later = () => performance.now() + 1000
  for (let taken = 0; taken < 4; taken++) expect(slots.tryTake()).toBe(true)
  slots.resize(2)
  let served = 0
  const waiting = [1, 2, 3].map(() => slots.take(later()).then(() => served++))
  slots.giveBack()
  slots.giveBack()
  await Bun.sleep(1)
  expect(served).toBe(0)
  slots.giveBack()
  await waiting[0]
  expect(served).toBe(1)
  slots.resize(4)
  await Promise.all(waiting)
  expect(slots.tryTake()).toBe(false)
})
