import { expect, setDefaultTimeout, test } from 'bun:test'
import { committedBy, faultsIn as faultsInSequence } from '../delivery/sequence'
import { aWatcher } from '../delivery/subscribers'
import { booksOf, faultsIn } from '../support/books'
import { aHospital, aSession } from '../support/hospital'
import { startNats } from '../support/nats'
import { startServer } from '../support/server'
import { startServices } from '../support/services'
import { bookSteadily } from './steady'

const NIGHTLY = process.env.NIGHTLY === '1'
const ROUNDS = NIGHTLY ? 20 : 1
const PER_SECOND = NIGHTLY ? 300 : 100
const SESSIONS = 10
const REPLICAS = NIGHTLY ? 4 : 2
/** More of the database server alone, each while it saves what a crowd asked for at that moment. */
const DATABASE_KILLS = NIGHTLY ? 100 : 4
const CROWD = 100
/** From when what was killed is started again. */
const RECOVERED_MS_MAX = 5000

setDefaultTimeout(NIGHTLY ? 1_200_000 : 90_000)

test('under load a replica, the database server and NATS are killed in turn: nothing acknowledged is lost, no event either, and only what is down is refused, with 503', async () => {
  await using nats = await startNats()
  await using services = await startServices({
    seed: aHospital({ sessions: Array.from({ length: SESSIONS }, () => aSession({ capacity: 0 })), patients: 1 }),
    replicas: { bookings: REPLICAS },
    environment: { NATS_URL: nats.url, LOG_LEVEL: 'warn' },
  })
  await using server = await startServer({ environment: { ...services.environment, NATS_URL: nats.url }, quiet: true })
  const watcher = await aWatcher({ port: server.port, key: server.key })
  const load = bookSteadily({ perSecond: PER_SECOND, sessions: SESSIONS, servers: [server] })
  const { failures } = load

  /** Kills something under load and starts it again; gives what failed meanwhile. */
  async function without(kill: () => Promise<void>, start: () => Promise<void>) {
    await load.more(PER_SECOND)
    const before = failures.length
    await kill()
    const down = performance.now()
    while (performance.now() - down < 1000) await Bun.sleep(10)
    const started = performance.now()
    await start()
    await load.more(PER_SECOND)
    const last = failures.at(-1)
    return { failed: failures.slice(before), recoveredMs: last && failures.length > before ? last.at - started : 0 }
  }

  let refused = 0
  for (let round = 0; round < ROUNDS; round++) {
    const replica = services.processes.bookings[round % REPLICAS]!
    const { database } = services
    const parts = [
      { name: 'replica', ...(await without(replica.kill, replica.start)) },
      { name: 'database', ...(await without(database.kill, database.start)) },
      { name: 'NATS', ...(await without(nats.kill, nats.start)) },
    ]
    for (const { name, failed, recoveredMs } of parts) {
      console.log(`${name}: ${failed.length} refused, the last ${recoveredMs.toFixed(0)} ms after it was started again`)
      expect(failed.filter(({ status }) => status !== 503)).toEqual([])
      expect(recoveredMs).toBeLessThan(RECOVERED_MS_MAX)
    }
    const [ofReplica, ofDatabase, ofNats] = parts.map(({ failed }) => failed.length)
    // and nobody was refused before or after
    refused += parts.reduce((sum, { failed }) => sum + failed.length, 0)
    expect(failures).toHaveLength(refused)
    // another replica serves, and an Idempotency-Key lets what broke off be sent to it
    expect(ofReplica).toBeLessThan(PER_SECOND / 4)
    expect(ofDatabase).toBeGreaterThan(0)
    expect(ofNats).toBe(0)
  }
  for (let kill = 0; kill < DATABASE_KILLS; kill++) {
    await load.more(PER_SECOND / 2)
    const before = failures.length
    load.crowd(CROWD)
    // some are saved by then, others on their way
    await load.more(1 + ((kill * 13) % CROWD))
    await services.database.kill()
    await services.database.start()
    await load.more(CROWD)
    expect(failures.slice(before).filter(({ status }) => status !== 503)).toEqual([])
  }
  const quiet = failures.length
  await load.more(PER_SECOND)
  await load.finish()
  expect(failures.length).toBe(quiet)

  expect(load.acknowledged.size).toBe(load.asked())
  const books = await booksOf({ dataDir: server.dataDir, services })
  expect(faultsIn(books)).toEqual([])
  const kept = new Map(books.bookings.map((booking) => [booking.id, booking]))
  const acknowledged = [...load.acknowledged.values()]
  const lost = acknowledged.filter(({ id, sessionId, number }) => {
    const booking = kept.get(id)
    return booking?.session_id !== sessionId || booking.number !== number || booking.status !== 'ACTIVE'
  })
  expect(lost).toEqual([])
  // each was asked for under one key, however often
  expect(new Set(acknowledged.map(({ id }) => id)).size).toBe(acknowledged.length)
  expect(kept.size).toBe(acknowledged.length)

  const committed = await committedBy({ ...server, services })
  const deadline = performance.now() + RECOVERED_MS_MAX
  while (watcher.told.length < committed.length && performance.now() < deadline) await Bun.sleep(20)
  watcher.subscription.close()
  expect(faultsInSequence(watcher.told, committed)).toEqual([])
})
