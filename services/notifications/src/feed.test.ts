import { afterEach, beforeEach, expect, test } from 'bun:test'
import type { Database } from '@channelling/schema'
import { appendEvents } from '@channelling/schema/outbox'
import { createFeed, type Feed, type Subscriber } from './feed'
import { aDatabase, anEvent, calendar, keptLog } from './testing'

let database: Database
let release: () => Promise<void>
let feeds: Feed[]

beforeEach(async () => {
  const opened = await aDatabase()
  database = opened.database
  release = opened.close
  feeds = []
})
afterEach(async () => {
  for (const feed of feeds) await feed.close()
  await release()
})

function aFeed(over: Partial<Pick<Database, 'read' | 'readAll'>> = {}) {
  const { log, lines } = keptLog()
  const feed = createFeed({ database: { ...database, ...over }, calendar, log })
  feeds.push(feed)
  return { feed, lines }
}

/** A subscriber that keeps the session ids it is told of. */
function aListener() {
  const seen: number[] = []
  let told = () => {}
  let ended = false
  const subscriber: Subscriber = {
    take(events) {
      for (const { event } of events) seen.push(event.sessionId)
      told()
    },
    end() {
      ended = true
    },
  }
  return {
    subscriber,
    seen,
    hasEnded: () => ended,
    /** Resolves once this many were told. */
    count: (wanted: number) =>
      new Promise<void>((resolve) => {
        told = () => {
          if (seen.length >= wanted) resolve()
        }
        told()
      }),
  }
}

const commit = (...sessionIds: number[]) =>
  database.write(appendEvents(sessionIds.map((id) => anEvent('booking.completed', id))))

const upTo = (count: number) => Array.from({ length: count }, (_, index) => index + 1)

test('what happened before the start is not told, what happens after it is', async () => {
  await commit(1, 2)
  const { feed } = aFeed()
  const listener = aListener()
  feed.attach(listener.subscriber)
  await feed.start()
  await commit(3)
  feed.wake()
  await listener.count(1)
  expect(listener.seen).toEqual([3])
})

test('an event that nobody gave a hint of is told within a second', async () => {
  const { feed } = aFeed()
  const listener = aListener()
  feed.attach(listener.subscriber)
  await feed.start()
  for (const session of [1, 2, 3]) {
    await commit(session)
    const committedAt = performance.now()
    await listener.count(session)
    expect(performance.now() - committedAt).toBeLessThan(1000)
  }
})

test('a hint makes an event known at once, long before the poll', async () => {
  const { feed } = aFeed()
  const listener = aListener()
  feed.attach(listener.subscriber)
  await feed.start()
  const startedAt = performance.now()
  for (const session of upTo(20)) {
    await commit(session)
    feed.wake()
    await listener.count(session)
  }
  expect(performance.now() - startedAt).toBeLessThan(2000)
})

test('however many hints arrive, there is one read at a time and no event is told twice', async () => {
  let reading = 0
  let readingMost = 0
  const { feed } = aFeed({
    async read<Row>(sql: string, args?: unknown[]) {
      readingMost = Math.max(readingMost, ++reading)
      await Bun.sleep(1)
      const rows = await database.read<Row>(sql, args)
      reading--
      return rows
    },
  })
  const listener = aListener()
  feed.attach(listener.subscriber)
  await Promise.all([feed.start(), feed.start()])
  readingMost = 0
  const storm = setInterval(() => {
    for (let hint = 0; hint < 100; hint++) feed.wake()
  }, 0)
  for (const session of upTo(200)) await commit(session)
  await listener.count(200)
  clearInterval(storm)
  await commit(201)
  await listener.count(201)
  expect(listener.seen).toEqual(upTo(201))
  expect(readingMost).toBe(1)
})

test('a hint that arrives during a read leads to another read, not to a wait for the poll', async () => {
  let duringRead: (() => Promise<void>) | null = null
  const { feed } = aFeed({
    async read<Row>(sql: string, args?: unknown[]) {
      const rows = await database.read<Row>(sql, args)
      const happens = duringRead
      duringRead = null
      await happens?.()
      return rows
    },
  })
  const listener = aListener()
  feed.attach(listener.subscriber)
  await feed.start()
  const waited: number[] = []
  for (const session of upTo(5)) {
    const committed = Promise.withResolvers<number>()
    duringRead = async () => {
      await commit(session)
      feed.wake()
      committed.resolve(performance.now())
    }
    feed.wake()
    const committedAt = await committed.promise
    await listener.count(session)
    waited.push(performance.now() - committedAt)
  }
  expect(Math.max(...waited)).toBeLessThan(400)
})

test('more events than one read takes are all told, in order', async () => {
  const { feed } = aFeed()
  const listener = aListener()
  feed.attach(listener.subscriber)
  await feed.start()
  await commit(...upTo(1750))
  feed.wake()
  await listener.count(1750)
  expect(listener.seen).toEqual(upTo(1750))
})

test('a database that fails for a while loses and doubles nothing, and each failure is logged', async () => {
  let failures = 0
  const { feed, lines } = aFeed({
    async read<Row>(sql: string, args?: unknown[]) {
      if (failures-- > 0) throw new Error('disk of 0771234567 on fire')
      return database.read<Row>(sql, args)
    },
  })
  const listener = aListener()
  feed.attach(listener.subscriber)
  failures = 1
  await feed.start()
  await commit(1)
  feed.wake()
  await listener.count(1)
  failures = 2
  await commit(2, 3)
  feed.wake()
  await listener.count(3)
  expect(listener.seen).toEqual([1, 2, 3])
  expect(lines.map(({ level, error }) => ({ level, error }))).toEqual(Array(3).fill({ level: 'error', error: 'Error' }))
  expect(JSON.stringify(lines)).not.toContain('0771234567')
})

test('a subscriber that fails is let go, and the others get everything', async () => {
  const { feed } = aFeed()
  const before = aListener()
  const after = aListener()
  const failing = aListener()
  feed.attach(before.subscriber)
  feed.attach({
    ...failing.subscriber,
    take() {
      throw new Error('broken')
    },
  })
  feed.attach(after.subscriber)
  await feed.start()
  for (const session of [1, 2]) {
    await commit(session)
    feed.wake()
    await Promise.all([before.count(session), after.count(session)])
  }
  expect([before.seen, after.seen]).toEqual([
    [1, 2],
    [1, 2],
  ])
  expect(failing.hasEnded()).toBe(true)
})

test('who detaches is told nothing more, and everybody left is told when the feed closes', async () => {
  const { feed } = aFeed()
  const leaving = aListener()
  const staying = aListener()
  const detach = feed.attach(leaving.subscriber)
  feed.attach(staying.subscriber)
  await feed.start()
  detach()
  await commit(1)
  feed.wake()
  await staying.count(1)
  await feed.close()
  expect(leaving.seen).toEqual([])
  expect([leaving.hasEnded(), staying.hasEnded()]).toEqual([false, true])
  const late = aListener()
  feed.attach(late.subscriber)
  expect(late.hasEnded()).toBe(true)
})

test('of two who began after nobody listened, the late answer to the first skips nothing for the second', async () => {
  const late = Promise.withResolvers<void>()
  const asked = Promise.withResolvers<void>()
  let states = 0
  const { feed } = aFeed({
    async read<Row>(sql: string, args?: unknown[]) {
      // the first of them asks where the stream stands after the start did
      if (sql.includes('event_stream') && ++states === 2) {
        asked.resolve()
        await late.promise
      }
      return database.read<Row>(sql, args)
    },
  })
  await feed.start()
  const [first, second] = [aListener(), aListener()]
  const leave = feed.attach(first.subscriber)
  await asked.promise
  await new Promise(setImmediate)
  leave()
  feed.attach(second.subscriber)
  await feed.settled()
  await commit(1, 2)
  late.resolve()
  await commit(3)
  feed.wake()
  await second.count(3)
  expect(second.seen).toEqual([1, 2, 3])
})
