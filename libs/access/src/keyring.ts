import { timingSafeEqual } from 'node:crypto'
import { type Calendar, type Caller, type Instant, Refusal } from '@channelling/contract'
import { type Database, within } from '@channelling/schema'
import { hashKey, isWellFormed } from './key'
import { type KnownKey, readKnownKey, readKnownKeys } from './store/known-key'
import { createUses } from './uses'

/** How long a record read once is believed, in ms: the longest that another process's change goes unseen. */
const BELIEVED_MS = 1_000
const CACHED_KEYS_MAX = 10_000
/** How long a key may take to be looked up: whoever waits has done nothing yet, and may ask elsewhere. */
const LOOKED_UP_MS_MAX = 2_000

export interface KeyringDependencies {
  database: Database
  clock: () => Instant
  /** By whose days requests are counted. */
  calendar: Pick<Calendar, 'dayOf' | 'startOf' | 'endOf'>
  /** Told when noting the uses fails; no request depends on it. */
  onFault?: (error: unknown) => void
  /** Milliseconds that only ever go forward, so that setting the machine's clock back keeps no record alive. */
  elapsed?: () => number
}

/** Which records changed: those of one key, of one client, or any. */
export type Changed = { keyId: number } | { clientId: number } | 'all'

/** How a key stands: whose it is and the first instant at which it no longer works, or what it would be refused with. */
export type Standing = { caller: Caller; until: Instant } | { refusal: Refusal }

export interface Keyring {
  /**
   * Who a key belongs to. It answers at once for a key seen within the last second, and reads the database otherwise.
   * Instants are judged against the clock at every call.
   * @param onUnmet called before a key is looked up that was never read here; what it throws refuses the key
   * @throws Refusal (or rejects with it) `key_unknown`, `key_retired`, `key_inactive`, `key_expired`, `service_unavailable`
   */
  verify(key: string, onUnmet?: () => void): Caller | Promise<Caller>
  /** What was read of these keys is no longer believed. Whoever changes a key or a client calls it after the commit. */
  forget(changed: Changed): void
  /** Calls it after every change that this process makes. Those of others are found by asking again. */
  onChange(listener: () => void): void
  /**
   * How keys stand now by what is in the database, for what they opened and is open still. It counts as no use of them.
   * Rejects where the database cannot be read.
   */
  review(keyIds: readonly number[]): Promise<Map<number, Standing>>
  /** Notes the uses that are still unwritten. */
  close(): Promise<void>
}

interface Believed {
  known: KnownKey
  until: number
}

/** Verifies keys and remembers what it read of them for a moment. */
export function createKeyring({
  database,
  clock,
  calendar,
  onFault = () => undefined,
  elapsed = () => performance.now(),
}: KeyringDependencies): Keyring {
  const believed = new Map<string, Believed>()
  const reading = new Map<string, Promise<KnownKey>>()
  const uses = createUses({ database, calendar, onFault })
  /** Grows with every change, so that a read begun before a change is not remembered after it. */
  let changes = 0
  const listeners: (() => void)[] = []

  function admit(known: KnownKey): Caller {
    const now = clock()
    requireWorking(known, now)
    uses.note(known.caller.keyId, now)
    return known.caller
  }

  async function read(hash: string): Promise<KnownKey> {
    const until = elapsed() + BELIEVED_MS
    const changesBefore = changes
    const known = await readOrRefuse(database, hash)
    if (changes === changesBefore) {
      believed.delete(hash)
      if (believed.size >= CACHED_KEYS_MAX) believed.delete(believed.keys().next().value!)
      believed.set(hash, { known, until })
    }
    return known
  }

  /** Callers with one key at one time share one read. */
  function sharedRead(hash: string): Promise<KnownKey> {
    const under = reading.get(hash)
    if (under) return under
    const begun = read(hash).finally(() => {
      if (reading.get(hash) === begun) reading.delete(hash)
    })
    reading.set(hash, begun)
    return begun
  }

  return {
    verify(key, onUnmet) {
      if (!isWellFormed(key)) throw unknownKey()
      const hash = hashKey(key)
      const cached = believed.get(hash)
      if (cached && elapsed() < cached.until) return admit(cached.known)
      if (!cached && !reading.has(hash)) onUnmet?.()
      return sharedRead(hash).then(admit)
    },
    forget(changed) {
      changes++
      reading.clear()
      // no longer believed, but met
      for (const one of believed.values()) if (concerns(changed, one.known.caller)) one.until = Number.NEGATIVE_INFINITY
      for (const listener of listeners) listener()
    },
    onChange(listener) {
      listeners.push(listener)
    },
    async review(keyIds) {
      const known = await readKnownKeys(database, keyIds)
      const now = clock()
      const byId = new Map(known.map((key) => [key.caller.keyId, key]))
      return new Map(keyIds.map((id) => [id, standingOf(byId.get(id), now)]))
    },
    close: () => uses.flush(),
  }
}

const unknownKey = () => new Refusal('key_unknown', 'This key was never issued')

const concerns = (changed: Changed, caller: Caller): boolean =>
  changed === 'all' || ('keyId' in changed ? changed.keyId === caller.keyId : changed.clientId === caller.clientId)

async function readOrRefuse(database: Database, hash: string): Promise<KnownKey> {
  const known = await within(LOOKED_UP_MS_MAX, readKnownKey(database, hash), null).catch(() => null)
  if (known === null) {
    throw new Refusal('service_unavailable', 'Keys cannot be checked at present', { retryAfterSeconds: 1 })
  }
  if (!known || !timingSafeEqual(Buffer.from(known.hash), Buffer.from(hash))) throw unknownKey()
  return known
}

function standingOf(known: KnownKey | undefined, now: Instant): Standing {
  try {
    if (!known) throw unknownKey()
    requireWorking(known, now)
    return { caller: known.caller, until: Math.min(known.expiresAt, known.retiredAt ?? Number.POSITIVE_INFINITY) }
  } catch (refusal) {
    return { refusal: refusal as Refusal }
  }
}

function requireWorking(known: KnownKey, now: Instant): void {
  if (known.retiredAt !== null && now >= known.retiredAt) throw new Refusal('key_retired', 'This key was retired')
  if (!known.active || known.clientDisabled) throw new Refusal('key_inactive', 'This key is switched off')
  if (now >= known.expiresAt) throw new Refusal('key_expired', 'This key has expired')
}
