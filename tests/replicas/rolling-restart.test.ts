import { expect, setDefaultTimeout, test } from 'bun:test'
import { committedBy, faultsIn as faultsInSequence } from '../delivery/sequence'
import { aWatcher } from '../delivery/subscribers'
import { startBalancer } from '../support/balancer'
import { booksOf, faultsIn } from '../support/books'
import { aHospital, aSession } from '../support/hospital'
import { startNats } from '../support/nats'
import { type Server, startServer } from '../support/server'
import { type ServiceProcess, serviceNames, startServices } from '../support/services'
import { bookSteadily } from './steady'

const NIGHTLY = process.env.NIGHTLY === '1'
const ROUNDS = Number(process.env.ROLLING_ROUNDS ?? (NIGHTLY ? 20 : 1))
const PER_SECOND = NIGHTLY ? 300 : 60
const SOCKETS = NIGHTLY ? 200 : 20
const SESSIONS = 10
/** How long a gateway may take to see that a process is back. */
const SEEN_MS_MAX = 3000
/** How long a subscriber may take to hear of what there is, a few seconds after it was cut off. */
const UP_TO_DATE_MS_MAX = 5000

setDefaultTimeout(NIGHTLY ? 3_600_000 : 120_000)

/** How often is read beside the bookings, and looked whether a process was seen. */
const READ_EVERY_MS = 20
const LOOK_EVERY_MS = 50

/** What a gateway last said of a process. */
function lastSaid(server: Server, url: string): string | undefined {
  const output = server.output()
  const at = output.lastIndexOf(`"address":"${url}"`)
  return at === -1 ? undefined : output.slice(at, output.indexOf('\n', at))
}

/** Of each ten sockets one hears of everything, as an integrator does, and the others of one session, as a screen does. */
const sessionsOf = (socket: number) => (socket % 10 === 0 ? undefined : [1 + (socket % SESSIONS)])

/** How long this process, which is the callers, the screens and the balancer, stood still at most since it was last asked. */
function watchOverItself() {
  let longestMs = 0
  let last = performance.now()
  const timer = setInterval(() => {
    const now = performance.now()
    longestMs = Math.max(longestMs, now - last)
    last = now
  }, LOOK_EVERY_MS)
  return {
    stoodStillMs: () => {
      const told = longestMs
      longestMs = 0
      return told
    },
    [Symbol.dispose]: () => clearInterval(timer),
  }
}

// the database server is not among them: there is one, and while it restarts whoever asks is told 503, which `killed-under-load.test.ts` tries
test('every process but the database server is stopped and started in its turn, NATS too, under bookings that nobody may send twice: none fails, and no screen misses anything', async () => {
  await using nats = await startNats()
  await using services = await startServices({
    seed: aHospital({ sessions: Array.from({ length: SESSIONS }, () => aSession({ capacity: 0 })), patients: 1 }),
    replicas: { catalogue: 2, bookings: 2, patients: 2, notifications: 2 },
    environment: { LOG_LEVEL: 'warn', NATS_URL: nats.url },
  })
  const environment = { ...services.environment, NATS_URL: nats.url }
  await using first = await startServer({ environment })
  await using second = await startServer({ environment })
  const gateways = [first, second]
  await using balancer = await startBalancer(gateways)
  const { key } = first
  const watchers = await Promise.all(
    Array.from({ length: SOCKETS }, (_, socket) =>
      aWatcher({ port: balancer.port, key, sessions: sessionsOf(socket) }),
    ),
  )
  using itself = watchOverItself()
  const load = bookSteadily({
    perSecond: PER_SECOND,
    sessions: SESSIONS,
    servers: [{ url: balancer.url, key }],
    keyed: false,
  })
  let reading = true
  const reads: number[] = []
  const reader = (async () => {
    while (reading) {
      for (const path of ['/api/channel/sessions', '/api/patients/1', '/api/channel/bookings/patient/1']) {
        const answer = await fetch(`${balancer.url}${path}`, { headers: { finance: key } }).catch(() => null)
        await answer?.arrayBuffer()
        if (answer?.status !== 200) reads.push(answer?.status ?? 0)
        await Bun.sleep(READ_EVERY_MS)
      }
    }
  })()

  async function restart(processes: readonly ServiceProcess[]): Promise<void> {
    await load.more(PER_SECOND / 2)
    await Promise.all(processes.map((one) => one.stop()))
    await Promise.all(processes.map((one) => one.start()))
    const deadline = performance.now() + SEEN_MS_MAX
    const isSeen = () =>
      gateways.every((gateway) => processes.every(({ url }) => lastSaid(gateway, url)?.includes('answers again')))
    while (!isSeen() && performance.now() < deadline) await Bun.sleep(LOOK_EVERY_MS)
  }

  let heardBefore = watchers.map(({ told }) => told.length)

  /** Waits until who hears of everything has heard of what there is now, and everybody of something in this round; says how long that took. */
  async function upToDate(): Promise<number> {
    const begun = performance.now()
    const due = load.acknowledged.size
    const late = () =>
      watchers.filter(({ told }, socket) =>
        sessionsOf(socket) ? told.length === heardBefore[socket] : told.length < due,
      )
    while (late().length > 0 && performance.now() < begun + UP_TO_DATE_MS_MAX) await Bun.sleep(LOOK_EVERY_MS)
    expect(late().map(({ lately }) => lately())).toEqual([])
    heardBefore = watchers.map(({ told }) => told.length)
    return performance.now() - begun
  }

  for (let round = 0; round < ROUNDS; round++) {
    const pairs = serviceNames.map((name) => services.processes[name])
    // in the short form one of each service at a time, in the long one every process by itself
    const turns = NIGHTLY
      ? pairs.flat().map((one) => [one])
      : [pairs.map(([one]) => one!), pairs.map(([, other]) => other!)]
    for (const processes of turns) await restart(processes)
    for (const gateway of gateways) {
      await load.more(PER_SECOND / 2)
      await gateway.stop()
      await gateway.restart()
      while (!balancer.sendsTo(gateway)) await Bun.sleep(20)
    }
    await load.more(PER_SECOND / 2)
    await nats.stop()
    // for so long that gateways and the balancer have looked whether anybody is worse off for it
    await load.more(2 * PER_SECOND)
    await nats.start()
    const caughtUpMs = await upToDate()
    const why = [...Map.groupBy(load.failures, ({ reason }) => reason)].map(
      ([reason, all]) => `${all.length} ${reason}`,
    )
    const stood = itself.stoodStillMs().toFixed(0)
    console.log(
      `round ${round + 1}: ${load.acknowledged.size} bookings, failed: ${why.join(', ') || 'none'}; subscribers were up to date ${caughtUpMs.toFixed(0)} ms later; stood still for ${stood} ms at most`,
    )
  }
  await load.more(PER_SECOND / 2)
  await load.finish()
  reading = false
  await reader
  expect(load.failures).toEqual([])
  expect(reads).toEqual([])
  expect(load.acknowledged.size).toBe(load.asked())

  const books = await booksOf({ dataDir: first.dataDir, services })
  expect(faultsIn(books)).toEqual([])
  expect(books.bookings).toHaveLength(load.asked())
  const committed = await committedBy({ ...first, services })
  const deadline = performance.now() + UP_TO_DATE_MS_MAX
  const due = watchers.map((_, socket) => {
    const sessions = sessionsOf(socket)
    return sessions ? committed.filter(({ sessionId }) => sessions.includes(sessionId)) : committed
  })
  const isBehind = () => watchers.some(({ told }, socket) => told.length < due[socket]!.length)
  while (isBehind() && performance.now() < deadline) await Bun.sleep(LOOK_EVERY_MS)
  for (const [socket, { told, subscription }] of watchers.entries()) {
    subscription.close()
    expect(faultsInSequence(told, due[socket]!)).toEqual([])
  }
  // each was let go by its gateway or its feed, and came back
  for (const { connections } of watchers) expect(connections()).toBeGreaterThan(1)
})
