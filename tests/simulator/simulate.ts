import { createCalendar } from '@channelling/contract'
import { createLog } from '@channelling/http'
import { chanceOf } from '../support/chance'
import { type Bookings, startBookings } from './bookings'
import { startCallers } from './callers'
import { createDatabaseServer } from './database'
import { startFate } from './fate'
import { startHospital } from './hospital'
import { createHost, type Host } from './host'
import { createNetwork } from './network'
import { startNotifications } from './notifications'
import { faultsOfAll, faultsOfAnswer, faultsOfPlaces, hasHeardAll, isOwed, lastSeq } from './promises'
import { BEGIN, createScheduler } from './scheduler'
import { createSockets } from './sockets'
import { openStore } from './store'
import { startSubscriber } from './subscribers'
import { within } from './surroundings'
import { drawWeather } from './weather'

const STORM_MS = [2000, 15_000] as const
const SKEW_MS_MAX = 300
/** Once nothing goes wrong any more, everything is done and told within so long, in the time of the simulation. */
const SETTLED_WITHIN_MS = 120_000
const CLOSED_WITHIN_MS = 30_000

/** What became of one run. */
export interface Run {
  seed: number
  /** Promises that were broken, as sentences. */
  faults: string[]
  /** Of everything that happened: two runs with the same one went the same way. */
  hash: string
  trace: string[]
  operations: number
  events: number
}

const calendar = createCalendar('Asia/Colombo')

/**
 * Lets the services live through a time in which whatever can go wrong does, by chance from a seed, and holds them to their promises.
 * @param bytes the database at the beginning, see `prepare`
 */
export function simulate(seed: number, bytes: Uint8Array): Run {
  const chance = chanceOf(seed)
  const scheduler = createScheduler(chance, SKEW_MS_MAX)
  const store = openStore(bytes, scheduler.now)
  const faults: string[] = []
  const fault = (what: string) => {
    scheduler.note(`FAULT: ${what}`)
    faults.push(what)
  }
  const failed = () => faults.length > 0

  function live(): { operations: number } {
    const network = createNetwork(drawWeather(chance), chance, scheduler)
    const server = createDatabaseServer(store, {
      scheduler,
      network,
      chance,
      onWrite: () => faultsOfPlaces(store).forEach(fault),
    })
    const log = createLog('warn', 'simulated', { write: (line) => scheduler.note(JSON.parse(line).msg) })

    const heartbeatMs = chance.one([300, 2000, 25_000])
    const feeds = named('notifications', 1 + chance.whole(2)).map((name) =>
      createHost(name, scheduler, () => startNotifications({ server, calendar, log, heartbeatMs })),
    )
    const hint = () => {
      for (const feed of feeds) {
        if (network.hits(network.weather().hintLost)) continue
        scheduler.after(feed.process(), network.delay(), () => feed.service()?.wake())
      }
    }
    const replicas: Host<Bookings>[] = named('bookings', 2 + chance.whole(2)).map((name) =>
      createHost(name, scheduler, () => startBookings({ server, calendar, log, hint })),
    )
    const sockets = createSockets(feeds, { scheduler, network, chance, fault })
    const subscribers = [
      { sessions: [], slow: false, handlesMs: 0 },
      { sessions: [2, 3], slow: false, handlesMs: 0 },
      { sessions: [], slow: chance.next() < 0.5, handlesMs: chance.one([0, 20, 300]) },
    ].map((given, index) => startSubscriber(`subscriber-${index + 1}`, given, { scheduler, sockets, chance, fault }))
    const callers = startCallers({
      hosts: replicas,
      scheduler,
      network,
      chance,
      log,
      lanes: 3 + chance.whole(6),
      each: 8 + chance.whole(10),
      thinkMs: chance.one([5, 100, 1000]),
      onAnswer: (operation, answer) => faultsOfAnswer(store, operation, answer).forEach(fault),
      fault,
    })
    const hospital = startHospital(chance.whole(4), { scheduler, server, chance })
    const hosts = [...replicas, ...feeds, ...subscribers.map((subscriber) => subscriber.host)]
    startFate(hosts, { scheduler, network, server, sockets, chance })

    const [least, most] = STORM_MS
    scheduler.runUntil(failed, least + chance.next() * (most - least))
    network.calmDown()
    server.goAway(0)

    const settled = () =>
      callers.busy() === 0 &&
      !hospital.busy() &&
      hosts.every((host) => host.service() !== null) &&
      subscribers.every((subscriber) => hasHeardAll(store, subscriber)) &&
      !isOwed(store, BEGIN + scheduler.now())
    patiently(settled, SETTLED_WITHIN_MS)
    if (!failed() && !settled()) {
      const open = callers.operations.filter(({ fate }) => fate === 'under way').map(({ id }) => id)
      const behind = subscribers.filter((one) => !hasHeardAll(store, one)).map(({ host }) => host.name)
      fault(`it does not settle: not answered are [${open}], behind are [${behind}], callers left: ${callers.busy()}`)
    }

    const due = lastSeq(store)

    // they end in good order without it too
    if (chance.next() < 0.25) server.goAway(SETTLED_WITHIN_MS)
    let closing = hosts.length
    for (const host of hosts) {
      if (failed()) break
      scheduler.after(host.process(), 0, () => {
        const closed = host.service()!.close() as Promise<unknown>
        closed.then(
          () => closing--,
          (error) => fault(`${host.name} does not close: ${error}`),
        )
      })
    }
    if (!failed() && !scheduler.runUntil(() => closing === 0 || failed(), CLOSED_WITHIN_MS)) {
      fault(`${closing} of ${hosts.length} processes do not close`)
    }
    if (!failed()) faultsOfAll(store, callers.operations, subscribers, due).forEach(fault)
    return { operations: callers.operations.length }
  }

  /** Looks a few times a second, since looking takes longer than what happens in between. */
  function patiently(holds: () => boolean, withinMs: number): void {
    const end = scheduler.now() + withinMs
    while (!failed() && !holds() && scheduler.now() < end) scheduler.runUntil(failed, 250)
  }

  try {
    const { operations } = within(scheduler, chance, live)
    const [count] = store.rows<{ events: number }>('SELECT count(*) AS events FROM event')
    return { seed, faults, hash: scheduler.hash(), trace: scheduler.trace, operations, events: count!.events }
  } finally {
    store.close()
  }
}

const named = (name: string, count: number) => Array.from({ length: count }, (_, index) => `${name}-${index + 1}`)
