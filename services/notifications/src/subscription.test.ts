import { afterEach, beforeEach, expect, test } from 'bun:test'
import type { StreamNotice } from '@channelling/contract'
import type { Database } from '@channelling/schema'
import { appendEvents, newEpoch } from '@channelling/schema/outbox'
import { createFeed, type Feed, type FeedOptions } from './feed'
import { everything } from './rules/topics'
import { streamState } from './store/outbox'
import { type Outlet, subscribe } from './subscription'
import { aDatabase, anEvent, calendar, keptLog } from './testing'

let database: Database
let release: () => Promise<void>
let feed: Feed
/** Happens once, after it was read where the stream stands, or what was missed, and before that is answered. */
let counted: (of: 'read' | 'readAll') => void
let duringRead: { of: 'read' | 'readAll'; happens: () => Promise<void> } | null
beforeEach(async () => {
  const opened = await aDatabase()
  database = opened.database
  release = opened.close
  duringRead = null
  counted = () => {}
})
afterEach(async () => {
  await feed.close()
  await release()
})

/** @param options by default it never looks whether the database is another, which is a reading of where the stream stands */
async function start(options: Pick<FeedOptions, 'lookMs' | 'keep'> = { lookMs: Number.POSITIVE_INFINITY }) {
  async function interrupted<Rows>(of: 'read' | 'readAll', rows: Promise<Rows>): Promise<Rows> {
    counted(of)
    const read = await rows
    const during = duringRead
    if (during?.of !== of) return read
    duringRead = null
    await during.happens()
    return read
  }
  const slow: Pick<Database, 'read' | 'readAll'> = {
    read: (sql, args) => {
      if (sql.includes('event_stream')) return interrupted('read', database.read(sql, args))
      counted('read')
      return database.read(sql, args)
    },
    readAll: (statements) => interrupted('readAll', database.readAll(statements)),
  }
  feed = createFeed({ database: slow, calendar, log: keptLog().log, ...options })
  await feed.start()
  // with nobody else there, whoever comes first has it read for himself where the stream stands
  feed.attach({ take() {}, end() {} })
  await feed.settled()
}

const upTo = (last: number, from = 1) => Array.from({ length: last - from + 1 }, (_, index) => from + index)

const commit = (count: number) => database.write(appendEvents(upTo(count).map(() => anEvent('booking.completed', 1))))

/** Commits so many events; resolves when the feed has told them to whoever listened before. */
async function happen(count: number): Promise<void> {
  const { last } = await streamState(database)
  const told = Promise.withResolvers<void>()
  const detach = feed.attach({
    take: (events) => events.at(-1)!.event.seq >= last + count && told.resolve(),
    end: told.resolve,
  })
  await feed.settled()
  await commit(count)
  feed.wake()
  await told.promise
  detach()
}

/** An outlet that takes everything, and keeps it. */
function follow(from: { epoch: string; seq: number } | null) {
  const said: (number | string)[] = []
  let told = () => {}
  const outlet: Outlet = {
    send(events) {
      said.push(...events.map(({ event }) => event.seq))
      told()
      return events.length
    },
    say(notice: StreamNotice) {
      said.push(`${notice.type} ${notice.seq}`)
      told()
    },
    room: async () => true,
    tooSlow: () => said.push('too slow'),
    end() {
      said.push('end')
      told()
    },
  }
  const subscription = subscribe({ feed, topics: everything, from, outlet, log: keptLog().log })
  return {
    subscription,
    said,
    until: (last: number | string) =>
      new Promise<(number | string)[]>((resolve) => {
        told = () => {
          if (said.includes(last)) resolve(said)
        }
        told()
      }),
  }
}

test.each([
  [1, 'kept'],
  [1, 'read'],
  [3, 'kept'],
  [3, 'read'],
  [999, 'kept'],
  [999, 'read'],
  [1500, 'kept'],
  [1500, 'read'],
] as const)(
  '%p events while the last of what was missed, and is %s, is found are neither left out nor told twice',
  async (count, how) => {
    await commit(10)
    await start({ lookMs: Number.POSITIVE_INFINITY, ...(how === 'read' && { keep: 0 }) })
    const { epoch } = await streamState(database)
    duringRead = { of: how === 'read' ? 'readAll' : 'read', happens: () => happen(count) }
    const back = follow({ epoch, seq: 4 })
    await back.until(10 + count)
    await happen(1)
    const said = await back.until(11 + count)
    expect(said).toEqual(['hello 10', ...upTo(10, 5), 'recovered 10', ...upTo(11 + count, 11)])
  },
)

test('an event while it is read where the stream stands comes after the hello', async () => {
  await start()
  await happen(2)
  duringRead = { of: 'read', happens: () => happen(3) }
  expect(await follow(null).until(5)).toEqual(['hello 2', 3, 4, 5])
})

test('who listens to a database that was put back to an earlier state is sent away, and begins anew', async () => {
  await start({ lookMs: 0 })
  await happen(5)
  const { epoch } = await streamState(database)
  const listening = follow(null)
  await listening.until('hello 5')
  await database.write([{ sql: 'DELETE FROM event WHERE seq > 3', args: [] }, newEpoch])
  expect(await listening.until('end')).toEqual(['hello 5', 'end'])
  const back = follow({ epoch, seq: 5 })
  expect(await back.until('resync 3')).toEqual(['hello 3', 'resync 3'])
  expect((await streamState(database)).epoch).not.toBe(epoch)
})

test('a hundred who come back cost no more readings than a few, whether they missed a moment or more than is told at a time', async () => {
  await commit(3000)
  await start()
  const { epoch } = await streamState(database)
  let readings = 0
  counted = () => readings++
  const back = upTo(100).map((one) => follow({ epoch, seq: 10 * one }))
  await Promise.all(back.map(({ until }) => until('recovered 3000')))
  for (const [index, { said }] of back.entries()) {
    expect(said).toEqual(['hello 3000', ...upTo(3000, 10 * (index + 1) + 1), 'recovered 3000'])
  }
  await happen(5)
  for (const { until } of back) await until(3005)
  // of the events once, and of where the stream stands for each 250 of them
  expect(readings).toBeLessThan(150)
})

test('who was away for longer than anything is kept is told everything, and holds up nobody who was not', async () => {
  await commit(3000)
  await start({ lookMs: Number.POSITIVE_INFINITY, keep: 100 })
  const { epoch } = await streamState(database)
  const order: string[] = []
  const long = follow({ epoch, seq: 0 })
  const short = follow({ epoch, seq: 2950 })
  void short.until('recovered 3000').then(() => order.push('short'))
  void long.until('recovered 3000').then(() => order.push('long'))
  const said = await long.until('recovered 3000')
  expect(said).toEqual(['hello 3000', ...upTo(3000), 'recovered 3000'])
  expect(order[0]).toBe('short')
  await happen(5)
  expect((await long.until(3005)).slice(-5)).toEqual(upTo(3005, 3001))
})

test('however far back somebody asks, one after the other, no more is kept than is meant to be', async () => {
  await commit(3000)
  await start({ lookMs: Number.POSITIVE_INFINITY, keep: 1000 })
  const { epoch } = await streamState(database)
  const byThemselves: number[] = []
  for (const seq of [2900, 2500, 2100, 1700, 1000, 0]) {
    counted = (of) => of === 'readAll' && byThemselves.push(seq)
    expect(await follow({ epoch, seq }).until('recovered 3000')).toEqual([
      'hello 3000',
      ...upTo(3000, seq + 1),
      'recovered 3000',
    ])
  }
  // these begin before what may be kept
  expect([...new Set(byThemselves)]).toEqual([1700, 1000, 0])
})
