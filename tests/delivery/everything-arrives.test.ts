import { expect, setDefaultTimeout, test } from 'bun:test'
import { chanceFor } from '../support/chance'
import { startCuts } from '../support/cuts'
import { isApart } from '../support/forms'
import { aHospital, aSession } from '../support/hospital'
import { type Server, startServer } from '../support/server'
import { bookOnce, bookSteadily } from './bookings'
import { committedBy, faultsIn, type Told } from './sequence'
import { aWatcher, type Watcher } from './subscribers'

const NIGHTLY = process.env.NIGHTLY === '1'
/** Fewer in a check with services apart, where a libSQL server takes longer for them. */
const EVENTS = NIGHTLY ? 100_000 : isApart ? 2000 : 4000
const KILLS = NIGHTLY ? 100 : isApart ? 3 : 5
const SUBSCRIBERS = 50
const PER_SECOND = 500
const SESSIONS = 20
/** Every tenth subscriber wants to hear of these alone. */
const WANTED = [1, 2, SESSIONS + 1]
/** How long a connection lasts, in ms. */
const LASTS: [number, number] = [100, 2000]
/** Told after each kill and at the end. In a check this machine does other work as well. */
const CAUGHT_UP_MS_MAX = NIGHTLY ? 5000 : 15_000
/** In this one places are booked after each kill, and nothing else. */
const MARKED = SESSIONS + 1
const DUPLICATES_MAX = 0.01

setDefaultTimeout(NIGHTLY ? 3_600_000 : 90_000)

const hospital = () =>
  startServer({
    seed: aHospital({ sessions: Array.from({ length: MARKED }, () => aSession({ capacity: 0 })) }),
    quiet: true,
  })

/** Ends what sends notifications as a power cut does, and starts it again. */
async function crash(server: Server): Promise<void> {
  const [notifications] = server.services?.processes.notifications ?? []
  await (notifications ?? server).kill()
  await (notifications ? notifications.start() : server.restart())
}

/** Books one place more, of which all subscribers hear, and waits until they have; how long that took. */
async function catchUp(server: Server, watchers: Watcher[], withinMs: number): Promise<number> {
  const before = watchers.map(({ told }) => told.length)
  let mark: number | null = null
  while (mark === null) mark = await bookOnce(server, { sessionInstanceId: MARKED, patientId: 1 })
  const began = performance.now()
  const took = () => performance.now() - began
  const heard = ({ told }: Watcher, index: number) => {
    while (before[index]! < told.length) if (told[before[index]!++]!.bookingId === mark) return true
    return false
  }
  let behind = watchers.map((watcher, index) => ({ watcher, index }))
  while (behind.length > 0 && took() < withinMs) {
    await Bun.sleep(10)
    behind = behind.filter(({ watcher, index }) => !heard(watcher, index))
  }
  return took()
}

/** What everybody should have been told, once the server is stopped. */
async function afterwards(server: Server, watchers: Watcher[]): Promise<Told[]> {
  for (const { subscription } of watchers) subscription.close()
  await Promise.all(watchers.map(({ subscription }) => subscription.closed))
  await server.stop()
  return committedBy(server)
}

test(`${SUBSCRIBERS} subscribers who are cut off again and again hear each of ${EVENTS} events once and in order, though ${isApart ? 'what tells them' : 'the server'} is killed ${KILLS} times, and soon after each kill`, async () => {
  const chance = chanceFor('everything arrives')
  await using server = await hospital()
  await using cuts = await startCuts(() => server.port, chance, LASTS)
  const watchers = await Promise.all(
    Array.from({ length: SUBSCRIBERS }, (_, index) =>
      aWatcher({ port: cuts.port, key: server.key, ...(index % 10 === 0 && { sessions: WANTED }) }),
    ),
  )

  const caughtUpMs: number[] = []
  async function expectCaughtUp() {
    const ms = await catchUp(server, watchers, 2 * CAUGHT_UP_MS_MAX)
    caughtUpMs.push(ms)
    expect(ms).toBeLessThan(CAUGHT_UP_MS_MAX)
  }
  const bookings = bookSteadily(server, { count: EVENTS, perSecond: PER_SECOND, sessions: SESSIONS })
  for (let kill = 1; kill <= KILLS; kill++) {
    while (bookings.made() < (kill * EVENTS) / (KILLS + 1)) await Bun.sleep(5)
    await Bun.sleep(chance.next() * 100)
    await crash(server)
    await expectCaughtUp()
  }
  await bookings.done
  cuts.heal()
  await expectCaughtUp()

  const committed = await afterwards(server, watchers)
  expect(committed.length).toBeGreaterThan(EVENTS)
  const wanted = committed.filter(({ sessionId }) => WANTED.includes(sessionId))
  watchers.forEach(({ told }, index) => {
    expect(faultsIn(told, index % 10 === 0 ? wanted : committed)).toEqual([])
  })
  const arrived = watchers.reduce((sum, one) => sum + one.arrived(), 0)
  const told = watchers.reduce((sum, one) => sum + one.told.length, 0)
  const twice = (arrived - told) / told
  console.log(
    `${cuts.count()} cuts, caught up in ${caughtUpMs.map(Math.round).join(', ')} ms, ${(100 * twice).toFixed(3)} % twice`,
  )
  expect(twice).toBeLessThanOrEqual(DUPLICATES_MAX)
  // they were cut off as often as they should have been
  const connections = watchers.reduce((sum, one) => sum + one.connections(), 0)
  expect(connections).toBeGreaterThan(SUBSCRIBERS * 4)
})

test('without a place to resume from the same check finds what is missed', async () => {
  const chance = chanceFor('nothing resumes')
  await using server = await hospital()
  await using cuts = await startCuts(() => server.port, chance, LASTS)
  const given = { port: cuts.port, key: server.key }
  const [resuming, forgetful] = await Promise.all([aWatcher(given), aWatcher({ ...given, resuming: false })])
  const bookings = bookSteadily(server, { count: 50_000, perSecond: PER_SECOND, sessions: SESSIONS })
  while (forgetful.connections() < 3) await Bun.sleep(20)
  bookings.stop()
  await bookings.done
  cuts.heal()
  await catchUp(server, [resuming, forgetful], 10_000)
  const committed = await afterwards(server, [resuming, forgetful])
  expect(faultsIn(resuming.told, committed)).toEqual([])
  expect(faultsIn(forgetful.told, committed)).toContainEqual(expect.stringContaining('missed'))
  expect(forgetful.told.length).toBeLessThan(committed.length)
})

test('the check tells of what is missed, doubled, out of order or never was', () => {
  const event = (seq: number, sessionId = 1): Told => ({ seq, type: 'booking.completed', sessionId, bookingId: seq })
  const committed = [event(1), event(2, 2), event(3), event(4)]
  expect(faultsIn(committed, committed)).toEqual([])
  const kinds = (told: Told[]) => faultsIn(told, committed).map((fault) => fault.split(':')[0])
  expect(kinds(committed.slice(1))).toEqual(['missed'])
  expect(kinds([...committed, event(4)])).toEqual(['twice'])
  expect(kinds([event(1), event(2, 2), event(4), event(3)])).toEqual(['out of order'])
  expect(kinds([...committed, event(5)])).toEqual(['never committed'])
  expect(kinds([event(1), event(2, 2), event(3), { ...event(4), bookingId: 9 }])).toEqual(['never committed'])
})
