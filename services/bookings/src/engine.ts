import { type Instant, type Reason, Refusal } from '@channelling/contract'
import { type Database, DatabaseFault } from '@channelling/schema'
import type { BookingCommand, Once, Order, SweepSession } from './rules/command'
import { cancelOrphans, decide, expireHolds, type Terms } from './rules/decide'
import { type BookedPlace, ofClient, type World } from './rules/world'
import { bookingIds } from './store/ids'
import { load } from './store/load'
import { save } from './store/save'

/** The most commands that one write carries. */
const GROUP_MAX = 256
/** The most commands that may wait; beyond it a caller does better to try again. */
const WAITING_MAX = 8192
/** A command that waited longer is refused instead of decided: its caller has gone. */
const WAIT_MS_MAX = 10_000
/** How often an order that lost a race is decided again before its caller is sent away. */
const ATTEMPTS_MAX = 20
/** How often before its orders go one by one: two bookings that swap numbers within a group cannot be saved by one statement. */
const GROUP_ATTEMPTS_MAX = 3

/** What a command came to: the booking as its answer shows it, or a refusal. */
export interface Outcome<View> {
  view: View
  /** Whether it is the answer that an earlier request with the same Idempotency-Key got. */
  replayed: boolean
}

export interface EngineOptions<View> {
  database: Database
  clock: () => Instant
  terms: Terms
  /** A booking as answers show it. Stored with the Idempotency-Key, so it must survive JSON. */
  view: (place: BookedPlace, now: Instant) => View
  /** Called with the sessions whose bookings changed, after the commit and before anybody is answered. */
  onCommit: (sessionIds: Iterable<number>) => void
}

export interface Engine<View> {
  /**
   * Carries a command out, together with whatever else is waiting, in one durable write.
   * @throws Refusal
   */
  submit(command: BookingCommand, once?: Once): Promise<Outcome<View>>
  /** Records what time or the hospital did to the bookings of a session. */
  sweep(command: SweepSession): Promise<void>
  /** Finishes what waits and gives unused ids back. */
  close(): Promise<void>
}

type Decision<View> =
  | { kind: 'done'; view: View; replayed: boolean }
  | { kind: 'refused'; refusal: Refusal }
  | { kind: 'swept' }

type Decided<View> = Exclude<Decision<View>, { kind: 'swept' }>

/** A decision as it is kept for an Idempotency-Key. */
type StoredDecision<View> = { view: View } | { reason: Reason; message: string }

interface Waiting<View> extends Order {
  resolve(decision: Decision<View>): void
  reject(error: unknown): void
}

/**
 * The booking engine: one writer for many callers. Whatever commands are waiting are decided together, in the order of their
 * arrival, on one reading of the database, and saved by one write; only then are they answered. While one group commits, the
 * next one gathers.
 */
export function createEngine<View>({ database, clock, terms, view, onCommit }: EngineOptions<View>): Engine<View> {
  const ids = bookingIds(database)
  let waiting: Waiting<View>[] = []
  let running: Promise<void> | null = null
  let closed = false

  function enqueue(order: Order): Promise<Decision<View>> {
    if (closed || waiting.length >= WAITING_MAX) {
      throw new Refusal('overloaded', 'Too many bookings are waiting', { retryAfterSeconds: 1 })
    }
    return new Promise((resolve, reject) => {
      waiting.push({ ...order, resolve, reject })
      running ??= run()
    })
  }

  async function run(): Promise<void> {
    try {
      while (waiting.length > 0) {
        // one turn of the event loop, in which the requests that have arrived join the group
        await new Promise(setImmediate)
        const group = waiting.slice(0, GROUP_MAX)
        waiting = waiting.slice(GROUP_MAX)
        await settle(group)
      }
    } finally {
      running = null
    }
  }

  /** Answers every order of the group, one way or the other. */
  async function settle(group: Waiting<View>[]): Promise<void> {
    const inTime = group.filter((order) => {
      if (clock() <= order.deadline) return true
      order.reject(new Refusal('overloaded', 'The booking waited too long', { retryAfterSeconds: 1 }))
      return false
    })
    if (inTime.length === 0) return
    try {
      const decisions = await commit(inTime)
      inTime.forEach((order, index) => {
        order.resolve(decisions[index]!)
      })
    } catch (error) {
      if (inTime.length === 1) return inTime[0]!.reject(error)
      // one order that the database will not have must not fail its neighbours
      for (const order of inTime) await settle([order])
    }
  }

  /** Load, decide, save. A lost race is decided again on a new reading. */
  async function commit(orders: Order[]): Promise<Decision<View>[]> {
    for (let attempt = 1; ; attempt++) {
      const now = clock()
      const world = await load(database, orders, ids, now)
      expireHolds(world, now)
      cancelOrphans(world, now)
      const decisions = orders.map((order) => decideOne(world, order, now))
      const statements = save(world, now)
      ids.used(world.nextId)
      if (statements.length === 0) return decisions
      try {
        await database.write(statements)
      } catch (error) {
        if (!lostRace(error)) throw error
        if (attempt === GROUP_ATTEMPTS_MAX && orders.length > 1) throw error
        if (attempt === ATTEMPTS_MAX) {
          throw new Refusal('overloaded', 'Too many bookings at once', { retryAfterSeconds: 1 })
        }
        await Bun.sleep(Math.random() * Math.min(50, 2 ** attempt))
        continue
      }
      onCommit(world.changes.seats.keys())
      return decisions
    }
  }

  function decideOne(world: World, { command, once }: Order, now: Instant): Decision<View> {
    if (command.kind === 'sweep') return { kind: 'swept' }
    const clientId = command.caller.clientId
    if (once) {
      const before = world.answers.get(ofClient(clientId, once.key))
      if (before) return replay(before, once)
    }
    const decision = attempt(() => view(decide(world, command, now, terms), now))
    // what is not valid was not decided about the booking
    if (once && !(decision.kind === 'refused' && decision.refusal.kind === 'invalid')) {
      const answer = {
        clientId,
        key: once.key,
        fingerprint: once.fingerprint,
        outcome: JSON.stringify(stored(decision)),
      }
      world.answers.set(ofClient(clientId, once.key), answer)
      world.changes.answers.push(answer)
    }
    return decision
  }

  const submitted = (order: Omit<Order, 'deadline'>) => enqueue({ ...order, deadline: clock() + WAIT_MS_MAX })

  return {
    async submit(command, once) {
      const decision = await submitted({ command, once })
      if (decision.kind === 'done') return { view: decision.view, replayed: decision.replayed }
      throw decision.kind === 'refused' ? decision.refusal : new Error('a booking command was taken for a sweep')
    },
    async sweep(command) {
      await submitted({ command })
    },
    async close() {
      closed = true
      await running
      await ids.giveBack()
    },
  }
}

function attempt<View>(work: () => View): Decided<View> {
  try {
    return { kind: 'done', view: work(), replayed: false }
  } catch (error) {
    if (error instanceof Refusal) return { kind: 'refused', refusal: error }
    throw error
  }
}

function stored<View>(decision: Decided<View>): StoredDecision<View> {
  if (decision.kind === 'done') return { view: decision.view }
  return { reason: decision.refusal.reason, message: decision.refusal.message }
}

function replay<View>(before: { fingerprint: string; outcome: string }, once: Once): Decided<View> {
  if (before.fingerprint !== once.fingerprint) {
    const refusal = new Refusal('idempotency_key_reused', 'This Idempotency-Key was used with another request')
    return { kind: 'refused', refusal }
  }
  const first = JSON.parse(before.outcome) as StoredDecision<View>
  if ('view' in first) return { kind: 'done', view: first.view, replayed: true }
  return { kind: 'refused', refusal: new Refusal(first.reason, first.message, { replayed: true }) }
}

/**
 * Whether another writer changed what the decision stood on: the seat's version, or a number, reference or key that is no
 * longer free.
 */
function lostRace(error: unknown): boolean {
  if (!(error instanceof DatabaseFault)) return false
  if (error.code === 'SQLITE_BUSY') return true
  return error.isDuplicate() || (error.code === 'SQLITE_CONSTRAINT_NOTNULL' && error.message.includes('seat.version'))
}
