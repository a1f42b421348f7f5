import type { Database } from './database'
import { DatabaseFault } from './faults'
import { pause } from './pause'
import type { Statement } from './statements/statement'
import { giveUpLease, LEASE_MS, readLease, requireLease, takeLease } from './tables/lease'

const RENEW_MS = 750
/** How long before its end a lease that could not be renewed counts as lost, for what is under way then. */
const MARGIN_MS = 500
/** How often those who do not hold a lease look for it. */
const LOOK_MS = 750
/** How long work that failed rests. */
const FAILED_MS = 1000
/** How long a process that ends waits for its lease to be given up; without that it ends by itself. */
const GIVE_UP_MS_MAX = 1000

/** What work may rely on that only one process does at a time. */
export interface Held {
  /** Aborts when the lease is lost or given up, before anybody else can have it: the work stops then. */
  signal: AbortSignal
  /** Resolves when the signal aborts. */
  ended: Promise<void>
  /** Whether it is held at this moment, by the clock. A process that stood still learns it here before its timers tell it. */
  isHeld(): boolean
  /**
   * Goes first into a write that must not be done once somebody else holds the lease: the write is undone then, and fails with
   * a fault that `isLostLease` knows.
   */
  fence(): Statement[]
}

/** Work under a lease. */
export interface Leased {
  /** Whether this process does the work at present. */
  isHeld(): boolean
  /** Resolves when the work has stopped and the lease is given up. */
  close(): Promise<void>
}

export interface LeaseOptions {
  /** Told of a failure of the work, which begins anew after a second. */
  onFault?: (error: unknown) => void
}

/**
 * Does work in one process at a time, of all that have the database open: in the first that takes the lease, and once that one stops,
 * dies or cannot reach the database, in another within 5 seconds. Where every writer is in this process, the work just runs.
 *
 * Two processes never hold the lease at once, unless the clock of the database server jumps. What one of them began while it held
 * it may still arrive later: such a write takes `fence()`, or is one that does no harm twice.
 * @param work runs until `signal` aborts; it stops soon after that. One that ends before rests until the lease is taken anew.
 */
export function whileLeased(
  database: Pick<Database, 'read' | 'write' | 'shared'>,
  name: string,
  work: (held: Held) => Promise<void>,
  { onFault = () => {} }: LeaseOptions = {},
): Leased {
  const holder = crypto.randomUUID()
  const closing = new AbortController()
  let present: Held | null = null
  const done = database.shared ? contend() : hold(null)

  async function contend(): Promise<void> {
    while (!closing.signal.aborted) {
      const taken = await orAborted(takeIfFree(), closing.signal)
      if (taken) await hold(taken)
      else await pause(LOOK_MS * (0.75 + Math.random() / 2), closing.signal)
    }
    const givenUp = database.write([giveUpLease(name, holder)]).catch(() => {})
    await Promise.race([givenUp, Bun.sleep(GIVE_UP_MS_MAX)])
  }

  async function takeIfFree(): Promise<Taken | null | undefined> {
    const { sql, args } = readLease(name)
    const rows = await database.read<{ free: number }>(sql, args).catch(() => undefined)
    return rows && rows[0]?.free !== 0 ? take() : null
  }

  /** Takes or renews it; null where somebody else has it, `undefined` where nobody knows. */
  async function take(): Promise<Taken | null | undefined> {
    // from before it was asked: the database counts from later on
    const since = moment()
    const written = await database.write([takeLease(name, holder)]).catch(() => undefined)
    if (!written) return undefined
    const [row] = written[0]!.rows as { term: number }[]
    return row ? { term: row.term, since } : null
  }

  /** Works until the lease is lost or given up. */
  async function hold(taken: Taken | null): Promise<void> {
    const ending = new AbortController()
    let since = taken?.since
    const left = () => (since ? LEASE_MS - MARGIN_MS - msSince(since) : Number.POSITIVE_INFINITY)
    const end = () => ending.abort()
    const held: Held = {
      signal: ending.signal,
      ended: new Promise((resolve) => ending.signal.addEventListener('abort', () => resolve())),
      isHeld: () => !ending.signal.aborted && left() > 0,
      fence: () => (taken ? [requireLease(name, holder, taken.term)] : []),
    }
    present = held
    closing.signal.addEventListener('abort', end)
    if (closing.signal.aborted) end()
    const working = persist(held)
    while (taken && held.isHeld()) {
      await pause(Math.min(RENEW_MS, left()), ending.signal)
      if (!held.isHeld()) break
      // an answer that does not come must not keep the work going
      const renewed = await Promise.race([take(), pause(left(), ending.signal)])
      if (renewed === null || (renewed && renewed.term !== taken.term)) break
      if (renewed) since = renewed.since
      else await pause(Math.min(RENEW_MS / 3, left()), ending.signal)
    }
    if (taken) end()
    await working
    present = null
    closing.signal.removeEventListener('abort', end)
  }

  async function persist(held: Held): Promise<void> {
    while (held.isHeld()) {
      try {
        return await work(held)
      } catch (error) {
        if (held.isHeld()) onFault(error)
        await pause(FAILED_MS, held.signal)
      }
    }
  }

  return {
    isHeld: () => present?.isHeld() ?? false,
    async close() {
      closing.abort()
      await done
    },
  }
}

/** Whether a write was undone because somebody else holds the lease that it was fenced by. */
export const isLostLease = (error: unknown): boolean =>
  error instanceof DatabaseFault && error.code === 'SQLITE_CONSTRAINT_NOTNULL' && error.message.includes('lease.holder')

interface Taken {
  term: number
  /** From before it was asked for. */
  since: Moment
}

/** By a clock that nobody sets, and by one that goes on while the machine is suspended: the one that ran further is believed. */
interface Moment {
  steady: number
  wall: number
}

const moment = (): Moment => ({ steady: performance.now(), wall: Date.now() })

const msSince = ({ steady, wall }: Moment) => Math.max(performance.now() - steady, Date.now() - wall)

/** What is waited for, unless the signal aborts before. */
function orAborted<T>(waited: Promise<T>, signal: AbortSignal): Promise<T | undefined> {
  return new Promise((resolve, reject) => {
    const end = () => resolve(undefined)
    signal.addEventListener('abort', end)
    waited.then(resolve, reject).finally(() => signal.removeEventListener('abort', end))
  })
}
