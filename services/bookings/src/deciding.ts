import { type Instant, type Reason, Refusal } from '@channelling/contract'
import type { Database, Statement, Written } from '@channelling/schema'
import type { Once, Order } from './rules/command'
import { cancelOrphans, decide, expireHolds, type Terms } from './rules/decide'
import { type BookedPlace, layOver, ofClient, type World } from './rules/world'
import type { BookingIds } from './store/ids'
import type { Kept } from './store/kept'
import { load } from './store/load'
import { save } from './store/save'

/** What was decided about an order; it holds once the group is saved. */
export type Decision<View> =
  | { kind: 'done'; view: View; replayed: boolean }
  | { kind: 'refused'; refusal: Refusal }
  | { kind: 'swept' }

type Decided<View> = Exclude<Decision<View>, { kind: 'swept' }>

/** A decision as it is kept for an Idempotency-Key. */
type StoredDecision<View> = { view: View } | { reason: Reason; message: string }

/** A group decided, and what saves it: no statements where nothing changed. */
export interface DecidedGroup<View> {
  decisions: Decision<View>[]
  statements: Statement[]
  world: World
  /** To be called once it is saved, with what each of its statements did. */
  keep(written: Written[]): void
}

export interface DecidingOptions<View> {
  database: Database
  ids: BookingIds
  kept: Kept
  clock: () => Instant
  terms: Terms
  view: (place: BookedPlace, now: Instant) => View
}

/**
 * Decides orders in the order of their arrival, on one reading of the database.
 * @param before the group whose write is under way, and whose changes the reading may lack
 */
export const deciding =
  <View>({ database, ids, kept, clock, terms, view }: DecidingOptions<View>) =>
  async (orders: Order[], before: World | null): Promise<DecidedGroup<View>> => {
    const now = clock()
    const keep = kept.begin()
    const world = await load(database, orders, { ids, kept, holdsPerClient: terms.holdsPerClient }, now)
    if (before) layOver(world, before)
    expireHolds(world, now)
    cancelOrphans(world, now)
    const decisions = orders.map((order) => decideOne(world, order, now, terms, view))
    ids.used(world.nextId)
    const changes = save(database, world, now)
    const ahead = ids.ahead()
    return {
      decisions,
      statements: changes.length > 0 ? [...changes, ...ahead.statements] : [],
      world,
      keep(written) {
        if (changes.length > 0) ahead.saved(written.slice(changes.length))
        keep(world)
      },
    }
  }

function decideOne<View>(
  world: World,
  { command, once }: Order,
  now: Instant,
  terms: Terms,
  view: DecidingOptions<View>['view'],
): Decision<View> {
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
