import { expect, setDefaultTimeout, test } from 'bun:test'
import { startGate } from '../support/gate'
import { aHospital, aSession } from '../support/hospital'
import { startNats } from '../support/nats'
import { startServer } from '../support/server'
import { startServices } from '../support/services'
import { bookOnce } from './bookings'
import { committedBy, faultsIn } from './sequence'
import { aWatcher } from './subscribers'

const NIGHTLY = process.env.NIGHTLY === '1'
/** How long notifications are cut off. */
const CUT_MS = NIGHTLY ? 60_000 : 3000
const PER_SECOND = NIGHTLY ? 200 : 25
const SESSIONS = 5
/** Healed, subscribers are told within this time again ... */
const LAG_MS_MAX = 1000
/** ... before this time has passed. */
const HEALED_MS_MAX = 10_000

setDefaultTimeout(6 * CUT_MS + 90_000)

test('while notifications are stopped, NATS is away or the database is out of their reach, every booking is made; afterwards nobody has missed one', async () => {
  await using nats = await startNats()
  await using services = await startServices({
    seed: aHospital({ sessions: Array.from({ length: SESSIONS }, () => aSession({ capacity: 0 })) }),
    environment: { LOG_LEVEL: 'warn', NATS_URL: nats.url },
  })
  const [notifications] = services.processes.notifications
  await using gate = await startGate(services.database.url)
  await notifications!.stop()
  await notifications!.start({ DATABASE_URL: gate.url })
  await using gateway = await startServer({ quiet: true, environment: services.environment })

  const toldAt = new Map<number, number>()
  const watcher = await aWatcher({
    port: gateway.port,
    key: gateway.key,
    hear: ({ bookingId }) => void (bookingId && toldAt.set(bookingId, performance.now())),
  })
  const bookedAt = new Map<number, number>()
  /** Those since the last cut was healed. */
  let lately = new Map<number, number>()
  let failed = 0
  let turn = 0
  const booking = setInterval(async () => {
    const id = await bookOnce(gateway, { sessionInstanceId: 1 + (turn++ % SESSIONS), patientId: 1 })
    if (id === null) return void failed++
    bookedAt.set(id, performance.now())
    lately.set(id, performance.now())
  }, 1000 / PER_SECOND)

  /** How long after now it is until a booking made from now on is told in time. */
  async function healing(): Promise<number> {
    const from = performance.now()
    lately = new Map()
    const inTime = () => [...lately].some(([id, at]) => toldAt.has(id) && toldAt.get(id)! - at < LAG_MS_MAX)
    while (!inTime() && performance.now() - from < 2 * HEALED_MS_MAX) await Bun.sleep(10)
    return performance.now() - from
  }

  const cuts: [string, cut: () => Promise<void> | void, heal: () => Promise<void> | void][] = [
    ['stopped', () => notifications!.hang(), () => notifications!.resume()],
    ['killed', () => notifications!.kill(), () => notifications!.start()],
    ['without NATS', () => nats.kill(), () => nats.start()],
    ['without the database', () => gate.shut(), () => gate.open()],
  ]
  for (const [what, cut, heal] of cuts) {
    await cut()
    await Bun.sleep(CUT_MS)
    await heal()
    const healedMs = await healing()
    console.log(`${what}: told in time again after ${Math.round(healedMs)} ms`)
    expect(healedMs).toBeLessThan(HEALED_MS_MAX)
  }

  clearInterval(booking)
  while (bookedAt.size + failed < turn) await Bun.sleep(5)
  while (![...bookedAt.keys()].every((id) => toldAt.has(id))) await Bun.sleep(50)
  watcher.subscription.close()
  await watcher.subscription.closed
  expect(failed).toBe(0)
  const committed = await committedBy({ services, dataDir: '' })
  expect(faultsIn(watcher.told, committed)).toEqual([])
  expect(committed.length).toBeGreaterThan((cuts.length * CUT_MS * PER_SECOND) / 2000)
})
