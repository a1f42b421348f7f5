import { afterEach, beforeEach, expect, test } from 'bun:test'
import type { StreamNotice } from '@channelling/contract'
import type { Database } from '@channelling/schema'
import { appendEvents, newEpoch } from '@channelling/schema/outbox'
import { createFeed, type Feed } from './feed'
import { everything } from './rules/topics'
import { streamState } from './store/outbox'
import { type Outlet, subscribe } from './subscription'
import { aDatabase, anEvent, calendar, keptLog } from './testing'

let database: Database
let release: () => Promise<void>
let feed: Feed
/** Happens once, after a read of what was missed and before it is answered. */
let duringRead: (() => Promise<void>) | null
beforeEach(async () => {
  const opened = await aDatabase()
  database = opened.database
  release = opened.close
  duringRead = null
  const { log } = keptLog()
  const slow: Pick<Database, 'read' | 'readAll'> = {
    read: database.read,
    async readAll(statements) {
      const rows = await database.readAll(statements)
      const happens = duringRead
      duringRead = null
      await happens?.()
      return rows
    },
  }
  feed = createFeed({ database: slow, calendar, log, lookMs: 0 })
  await feed.start()
})
afterEach(async () => {
  await feed.close()
  await release()
})

const upTo = (last: number, from = 1) => Array.from({ length: last - from + 1 }, (_, index) => from + index)

/** Commits so many events; resolves when the feed has told them to whoever listened before. */
async function happen(count: number): Promise<void> {
  const { last } = await streamState(database)
  const told = Promise.withResolvers<void>()
  const detach = feed.attach({
    take: (events) => events.at(-1)!.event.seq >= last + count && told.resolve(),
    end: told.resolve,
  })
  await feed.settled()
  await database.write(appendEvents(upTo(count).map(() => anEvent('booking.completed', 1))))
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

test.each([1, 3, 999, 1500])(
  '%p events while the last of what was missed is read are neither left out nor told twice',
  async (count) => {
    await happen(10)
    const { epoch } = await streamState(database)
    duringRead = () => happen(count)
    const back = follow({ epoch, seq: 4 })
    await back.until(10 + count)
    await happen(1)
    const said = await back.until(11 + count)
    expect(said).toEqual(['hello 10', ...upTo(10, 5), 'recovered 10', ...upTo(11 + count, 11)])
  },
)

test('an event while it is read where the stream stands comes after the hello', async () => {
  await happen(2)
  duringRead = () => happen(3)
  expect(await follow(null).until(5)).toEqual(['hello 2', 3, 4, 5])
})

test('who listens to a database that was put back to an earlier state is sent away, and begins anew', async () => {
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
