import { type OutboxEvent, textFrames } from '@channelling/contract'
import { described, type Log } from '@channelling/http'
import type { Database } from '@channelling/schema'
import { eventsAfter, lastSeq } from './store/outbox'

/** How long an event can stay unseen when no hint of it arrives. */
const POLL_MS = 500
const RETRY_MS = 500
const BATCH = 500

/** An event with its frames, built once for all subscribers. */
export interface FramedEvent {
  event: OutboxEvent
  /** The text frames, in the order to send them; most session events have none. */
  text: readonly string[]
}

export interface Subscriber {
  /** Takes the next events, in commit order. It returns at once: nobody waits for a slow subscriber. */
  take(events: readonly FramedEvent[]): void
  /** No more will come: the feed closes, or it could not hand over an event. */
  end(): void
}

/** The one reader of the outbox in a process; it hands each event once to every subscriber. */
export interface Feed {
  /** Begins after what has happened so far. Resolves when whatever is committed from now on will be told. */
  start(): Promise<void>
  /** Says that something may have happened. It may be called any number of times, and be forgotten. */
  wake(): void
  /** Tells a subscriber what is read from now on, until it is detached. */
  attach(subscriber: Subscriber): () => void
  /** How many it tells at present, and the last `seq` that they were told of; null while it tells nobody. */
  state(): { subscribers: number; told: number | null }
  /** Resolves when nothing is being read any more; ends every subscriber. */
  close(): Promise<void>
}

export function createFeed({ database, log }: { database: Pick<Database, 'read'>; log: Log }): Feed {
  const subscribers = new Set<Subscriber>()
  const closing = new AbortController()
  /** Of the last event that was told. */
  let cursor = 0
  let woken = false
  /** Where the outbox stood when somebody began to listen after nobody did. */
  let entered: Promise<number> | null = null
  let rouse = () => {}
  let following: Promise<void> | null = null

  /** Waits until the time is up, until the feed closes, or, if `wakeable`, until the next hint. */
  const pause = (ms: number, wakeable: boolean) =>
    new Promise<void>((resolve) => {
      if (closing.signal.aborted || (wakeable && woken)) return resolve()
      const done = () => {
        clearTimeout(timer)
        closing.signal.removeEventListener('abort', done)
        rouse = () => {}
        resolve()
      }
      const timer = setTimeout(done, ms)
      closing.signal.addEventListener('abort', done)
      if (wakeable) rouse = done
    })

  /** Does some reading until it succeeds; null when the feed closes first. */
  async function persist<Read>(reading: () => Promise<Read>): Promise<Read | null> {
    while (!closing.signal.aborted) {
      try {
        return await reading()
      } catch (error) {
        log.error(described(error), 'the outbox could not be read; trying again')
        await pause(RETRY_MS, false)
      }
    }
    return null
  }

  /** The only loop that reads, so there are never two reads at once. */
  async function follow(from: number): Promise<void> {
    cursor = from
    while (!closing.signal.aborted) {
      // A data file is read without the event loop turning; answers that wait to be sent go first.
      await new Promise(setImmediate)
      woken = false
      if (subscribers.size === 0) {
        await pause(POLL_MS, true)
        continue
      }
      if (entered) {
        const last = await entered
        entered = null
        cursor = Math.max(cursor, last)
      }
      const events = await persist(() => eventsAfter(database, cursor, BATCH))
      if (events === null || closing.signal.aborted) return
      const last = events.at(-1)
      if (last) {
        cursor = last.seq
        tell(events.map((event) => ({ event, text: textFrames(event) })))
      }
      if (events.length < BATCH) await pause(POLL_MS, true)
    }
  }

  function tell(events: FramedEvent[]): void {
    for (const subscriber of subscribers) {
      try {
        subscriber.take(events)
      } catch (error) {
        log.error(described(error), 'a subscriber failed and is let go')
        letGo(subscriber)
      }
    }
  }

  function letGo(subscriber: Subscriber): void {
    subscribers.delete(subscriber)
    try {
      subscriber.end()
    } catch (error) {
      log.error(described(error), 'a subscriber could not be told that the feed ends')
    }
  }

  function goOn(): void {
    woken = true
    rouse()
  }

  return {
    async start() {
      const begun = persist(() => lastSeq(database))
      following ??= begun.then((cursor) => (cursor === null ? undefined : follow(cursor)))
      await begun
    },
    wake() {
      if (subscribers.size > 0) goOn()
    },
    attach(subscriber) {
      if (closing.signal.aborted) {
        letGo(subscriber)
        return () => {}
      }
      // the first after a while is told of what happens from now on; if that cannot be read, rather of too much than of too little
      if (subscribers.size === 0) entered = lastSeq(database).catch(() => 0)
      subscribers.add(subscriber)
      goOn()
      return () => subscribers.delete(subscriber)
    },
    state: () => ({
      subscribers: subscribers.size,
      // where it was when nobody listened does not count as being behind
      told: subscribers.size === 0 || entered ? null : cursor,
    }),
    async close() {
      closing.abort()
      await following
      for (const subscriber of subscribers) letGo(subscriber)
    },
  }
}
