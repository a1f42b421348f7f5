import { type Instant, Refusal } from '@channelling/contract'
import { type Database, DatabaseFault, type Written } from '@channelling/schema'
import { type DecidedGroup, type Decision, deciding } from './deciding'
import type { BookingCommand, Once, Order, SweepSession } from './rules/command'
import type { Terms } from './rules/decide'
import type { BookedPlace, World } from './rules/world'
import { bookingIds } from './store/ids'
import { type Kept, nothingKept } from './store/kept'

/** The most commands that one write carries. */
const GROUP_MAX = 256
/** The most commands that may wait; beyond it a caller does better to try again. */
const WAITING_MAX = 8192
/** How long it takes to say so. Whoever comes back at once would otherwise take the time of those who wait. */
const REFUSED_AFTER_MS = 500
/** A command that waited longer is refused instead of carried out: its caller has gone. */
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
  /** Sessions and patients that need not be read; without it they always are. */
  kept?: Kept
  /** Called with the sessions whose bookings changed, after the commit and before anybody is answered. */
  onCommit: (sessionIds: Iterable<number>) => void
  /** Told of every group that was saved. */
  onSaved?: (group: SavedGroup) => void
}

/** A group of commands that one write carried. */
export interface SavedGroup {
  size: number
  /** From when the writer was given it until it was on the disk, in milliseconds. */
  commitMs: number
}

export interface Engine<View> {
  /**
   * Carries a command out, together with whatever else is waiting, in one durable write.
   * @param withinMs how long its caller waits, at most and by default 10 000: a write that has not begun by then is not done
   * @throws Refusal `overloaded` when it came too late, and whatever was decided
   */
  submit(command: BookingCommand, once?: Once, withinMs?: number): Promise<Outcome<View>>
  /** Records what time or the hospital did to the bookings of a session. */
  sweep(command: SweepSession): Promise<void>
  /** How many commands wait to be decided. */
  waiting(): number
  /** Finishes what waits and gives unused ids back. It never fails. */
  close(): Promise<void>
}

interface Waiting<View> extends Order {
  resolve(decision: Decision<View>): void
  reject(error: unknown): void
}

/** A group that was decided and is on its way to the disk. */
interface UnderWay {
  world: World
  size: number
  written: Promise<Written[]>
  state: 'writing' | 'failed' | 'settled'
  /** Every order of the group is answered, one way or the other. */
  settled: Promise<void>
}

const tooManyWait = () => new Refusal('overloaded', 'Too many bookings are waiting', { retryAfterSeconds: 1 })

/**
 * The booking engine: one writer for many callers. Whatever commands are waiting are decided together, in the order of their
 * arrival, on one reading of the database, and saved by one write; only then are they answered. While one group commits, the
 * next one gathers, and once it is as large it is decided on what that one will leave, so that the disk need not wait for it.
 */
export function createEngine<View>(options: EngineOptions<View>): Engine<View> {
  const { database, clock, terms, view, onCommit, onSaved, kept = nothingKept } = options
  const ids = bookingIds(database)
  const decideAll = deciding({ database, ids, kept, clock, terms, view })
  let waiting: Waiting<View>[] = []
  /** Called once so many wait. */
  let awaited = { size: 0, call: () => {} }
  let running: Promise<void> | null = null
  let closed = false

  function enqueue(order: Order): Promise<Decision<View>> {
    if (closed) throw tooManyWait()
    if (waiting.length >= WAITING_MAX) {
      return Bun.sleep(REFUSED_AFTER_MS).then(() => {
        throw tooManyWait()
      })
    }
    return new Promise((resolve, reject) => {
      waiting.push({ ...order, resolve, reject })
      if (waiting.length === awaited.size) awaited.call()
      running ??= run()
    })
  }

  async function run(): Promise<void> {
    let before: UnderWay | null = null
    try {
      while (waiting.length > 0 || before) {
        // one turn of the event loop, in which the requests that have arrived join the group
        await new Promise(setImmediate)
        if (before) await Promise.race([before.settled, asManyWait(before.size)])
        if (before?.state === 'failed') await before.settled
        if (before?.state === 'settled') before = null
        const group = waiting.slice(0, GROUP_MAX)
        waiting = waiting.slice(GROUP_MAX)
        const next: UnderWay | null = await begin(group, before)
        await before?.settled
        before = next
      }
    } finally {
      running = null
    }
  }

  function asManyWait(size: number): Promise<void> {
    if (waiting.length >= size) return Promise.resolve()
    return new Promise((call) => {
      awaited = { size, call }
    })
  }

  /** Decides a group and posts its write; null where that came to nothing and all are answered. */
  async function begin(group: Waiting<View>[], before: UnderWay | null): Promise<UnderWay | null> {
    const orders = group.filter(isInTime)
    if (orders.length === 0) return null
    try {
      const decided = await decideAll(orders, before?.world ?? null)
      const { statements, world } = decided
      const begun = performance.now()
      // without a change it stands on the group before all the same: what that one did may be why
      const written =
        statements.length > 0
          ? database.write(statements, { after: before?.written, withinMs: msLeft(orders) })
          : (before?.written ?? Promise.resolve([]))
      const underWay: UnderWay = { world, size: orders.length, written, state: 'writing', settled: Promise.resolve() }
      underWay.settled = written
        .then(
          (results) => {
            saved(decided, orders.length, begun)
            answer(orders, decided, results)
          },
          (error) => {
            underWay.state = 'failed'
            return afterFailure(orders, error, before)
          },
        )
        .finally(() => {
          underWay.state = 'settled'
        })
      return underWay
    } catch (error) {
      await afterFailure(orders, error, before)
      return null
    }
  }

  function saved({ statements }: DecidedGroup<View>, size: number, begun: number): void {
    if (statements.length > 0) onSaved?.({ size, commitMs: performance.now() - begun })
  }

  function answer(orders: Waiting<View>[], { decisions, world, keep }: DecidedGroup<View>, written: Written[]): void {
    keep(written)
    if (world.changes.seats.size > 0) onCommit(world.changes.seats.keys())
    orders.forEach((order, index) => {
      order.resolve(decisions[index]!)
    })
  }

  /** Decided again, with nothing else under way. */
  async function afterFailure(orders: Waiting<View>[], error: unknown, before: UnderWay | null): Promise<void> {
    await before?.settled
    // whatever was kept may be what it was wrong about
    kept.forgetAll()
    if (!isCertain(error)) return rejectAll(orders, error)
    await settle(orders)
  }

  /** Answers every order, one way or the other. */
  async function settle(orders: Waiting<View>[]): Promise<void> {
    try {
      await commit(orders)
    } catch (error) {
      if (orders.length === 1 || error instanceof Refusal || !isCertain(error)) return rejectAll(orders, error)
      // one order that the database will not have must not fail its neighbours
      for (const order of orders) await settle([order])
    }
  }

  /** A lost race is decided again on a new reading, for those whose callers still wait. */
  async function commit(group: Waiting<View>[]): Promise<void> {
    let lost = 0
    for (let attempt = 1; ; attempt++) {
      const orders = group.filter(isInTime)
      if (orders.length === 0) return
      try {
        const decided = await decideAll(orders, null)
        const { statements } = decided
        const begun = performance.now()
        const written = statements.length > 0 ? await database.write(statements, { withinMs: msLeft(orders) }) : []
        saved(decided, orders.length, begun)
        return answer(orders, decided, written)
      } catch (error) {
        kept.forgetAll()
        if (!lostRace(error)) throw error
        // where others keep the database there was no race: it is tried as long as somebody waits
        if (!isBusy(error)) lost++
        if (lost === GROUP_ATTEMPTS_MAX && orders.length > 1) throw error
        if (lost === ATTEMPTS_MAX) {
          throw new Refusal('overloaded', 'Too many bookings at once', { retryAfterSeconds: 1 })
        }
        await Bun.sleep(Math.random() * Math.min(50, 2 ** attempt))
      }
    }
  }

  /** How long the first of their callers to go still waits. */
  const msLeft = (orders: Waiting<View>[]) =>
    orders.reduce((soonest, { deadline }) => Math.min(soonest, deadline), Number.POSITIVE_INFINITY) - clock()

  function isInTime(order: Waiting<View>): boolean {
    if (clock() <= order.deadline) return true
    order.reject(new Refusal('overloaded', 'The booking waited too long', { retryAfterSeconds: 1 }))
    return false
  }

  const submitted = (order: Omit<Order, 'deadline'>, withinMs = WAIT_MS_MAX) =>
    enqueue({ ...order, deadline: clock() + Math.min(withinMs, WAIT_MS_MAX) })

  return {
    async submit(command, once, withinMs) {
      const decision = await submitted({ command, once }, withinMs)
      if (decision.kind === 'done') return { view: decision.view, replayed: decision.replayed }
      throw decision.kind === 'refused' ? decision.refusal : new Error('a booking command was taken for a sweep')
    },
    async sweep(command) {
      await submitted({ command })
    },
    waiting: () => waiting.length,
    async close() {
      closed = true
      await running
      // without the database they are left out, as after a crash
      await ids.giveBack().catch(() => {})
    },
  }
}

function rejectAll(orders: Pick<Waiting<unknown>, 'reject'>[], error: unknown): void {
  for (const order of orders) order.reject(error)
}

/** Whether nothing was saved. Of a write that broke off nobody knows how far it came, so it must not be done again. */
const isCertain = (error: unknown) => !(error instanceof DatabaseFault) || error.isUndone

/** Whether others kept the database, or the group's turn came too late for the first of them. */
const isBusy = (error: unknown) => error instanceof DatabaseFault && error.isBusy

/**
 * Whether another writer changed what the decision stood on: the seat's version, or a number, reference or key that is no
 * longer free.
 */
function lostRace(error: unknown): boolean {
  if (!(error instanceof DatabaseFault)) return false
  if (error.isBusy) return true
  return error.isDuplicate() || (error.code === 'SQLITE_CONSTRAINT_NOTNULL' && error.message.includes('seat.version'))
}
