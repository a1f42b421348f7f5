import { type Calendar, type Day, type Instant, MINUTE_MS } from '@channelling/contract'
import { type Database, DatabaseFault } from '@channelling/schema'
import { saveUses, type Use } from './store/usage'

export interface UsesOptions {
  database: Database
  /** Days are those of the hospital. */
  calendar: Pick<Calendar, 'dayOf' | 'startOf' | 'endOf'>
  /** Told when writing fails; no request depends on it. */
  onFault: (error: unknown) => void
}

/** Counts the uses of each key by day, and writes them for all keys together, at most once a minute. */
export function createUses({ database, calendar, onFault }: UsesOptions) {
  /** The day that is being counted, its first instant and its last. */
  let day: Day = ''
  let dayFrom = 0
  let dayTo = -1
  const today = new Map<number, { requests: number; lastAt: Instant }>()
  /** Of days before, and what could not be written. */
  let unwritten = new Map<string, Use>()
  let timer: ReturnType<typeof setTimeout> | undefined
  let flushed = Promise.resolve()

  function keep(use: Use): void {
    const name = `${use.keyId} ${use.day}`
    const before = unwritten.get(name)
    const requests = use.requests + (before?.requests ?? 0)
    unwritten.set(name, { ...use, requests, lastAt: Math.max(use.lastAt, before?.lastAt ?? 0) })
  }

  function closeDay(): void {
    for (const [keyId, use] of today) keep({ keyId, day, ...use })
    today.clear()
  }

  function turnTo(at: Instant): void {
    closeDay()
    day = calendar.dayOf(at)
    dayFrom = calendar.startOf(day)
    dayTo = calendar.endOf(day)
  }

  /** One after the other: whoever closes waits for what is under way, too. */
  function flush(): Promise<void> {
    flushed = flushed.then(write)
    return flushed
  }

  async function write(): Promise<void> {
    clearTimeout(timer)
    timer = undefined
    closeDay()
    if (unwritten.size === 0) return
    const uses = unwritten
    unwritten = new Map()
    try {
      await saveUses(database, [...uses.values()])
    } catch (error) {
      // what may have been written is not counted a second time
      if (!(error instanceof DatabaseFault) || error.isUndone) for (const use of uses.values()) keep(use)
      onFault(error)
    }
  }

  return {
    note(keyId: number, at: Instant): void {
      if (at < dayFrom || at > dayTo) turnTo(at)
      const use = today.get(keyId)
      if (use) {
        use.requests++
        use.lastAt = at
      } else {
        today.set(keyId, { requests: 1, lastAt: at })
      }
      if (timer === undefined) {
        timer = setTimeout(flush, MINUTE_MS)
        timer.unref()
      }
    },
    /** Writes what is not written yet. */
    flush,
  }
}
