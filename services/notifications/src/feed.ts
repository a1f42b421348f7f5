import type { Calendar } from '@channelling/contract'
import { described, type Log } from '@channelling/http'
import { type Database, pause } from '@channelling/schema'
import { createAudience, type Subscriber } from './audience'
import { createFraming, type FramedEvent } from './framing'
import { createHint } from './hint'
import { createMissed, type Missed } from './missed'
import { createRecent } from './recent'
import { eventsAfter, type Stretch, streamState } from './store/outbox'

export type { Subscriber } from './audience'
export type { FramedEvent } from './framing'

/** How long an event can stay unseen when no hint of it arrives. */
const POLL_MS = 500
const RETRY_MS = 500
const BATCH = 500
const LOOK_MS = 5_000

/** The one reader of the outbox in a process; it hands each event once to every subscriber whom it concerns. */
export interface Feed {
  /** Begins after what has happened so far. Resolves when whatever is committed from now on will be told. */
  start(): Promise<void>
  /** Says that something may have happened. It may be called any number of times, and be forgotten. */
  wake(): void
  /** Tells a subscriber what is read from now on, until it is detached. */
  attach(subscriber: Subscriber): () => void
  /** Resolves when all who are attached will be told whatever is committed from now on. */
  settled(): Promise<void>
  /**
   * What happened before: a stretch of the stream, and where the stream stood. Of what was told lately nothing is read anew. Of what is longer
   * ago a few reads are done at a time, in turn, so that whoever has much to catch up with holds up nobody. While the database is away
   * it waits; null when the feed closes first.
   */
  missed(stretch: Stretch): Promise<Missed | null>
  /** How many it tells at present, and the last `seq` that they were told of; null while it tells nobody. */
  state(): { subscribers: number; told: number | null }
  /** Resolves when nothing is being read any more; ends every subscriber. */
  close(): Promise<void>
}

export interface FeedOptions {
  database: Pick<Database, 'read' | 'readAll'>
  calendar: Calendar
  log: Log
  /** How often it looks, while nothing happens, whether the database is still the one it was; 5 000 by default. */
  lookMs?: number
  /** How many events it keeps of those that were told; 10 000 by default. */
  keep?: number
}

export function createFeed({ database, calendar, log, lookMs = LOOK_MS, keep }: FeedOptions): Feed {
  const audience = createAudience()
  const framed = createFraming(calendar)
  const closing = new AbortController()
  const recent = createRecent(closing.signal, keep)
  let epoch: string | null = null
  let lookedAt = 0
  const hint = createHint()
  /** Where the outbox stood when somebody began to listen after nobody did. */
  let entered: Promise<number> | null = null
  let following: Promise<void> | null = null

  /** Does some reading until it succeeds; null when the feed closes first. */
  async function persist<Read>(reading: () => Promise<Read>): Promise<Read | null> {
    while (!closing.signal.aborted) {
      try {
        return await reading()
      } catch (error) {
        log.error(described(error), 'the outbox could not be read; trying again')
        await pause(RETRY_MS, closing.signal)
      }
    }
    return null
  }

  const missed = createMissed({ database, recent, framed, persist, hint, epoch: () => epoch })

  /** The only loop that follows what happens, so no event is told twice. */
  async function follow(from: number): Promise<void> {
    recent.begin(from)
    while (!closing.signal.aborted) {
      // A data file is read without the event loop turning; answers that wait to be sent go first.
      await new Promise(setImmediate)
      hint.take()
      if (audience.count() === 0) {
        await hint.rest(POLL_MS, closing.signal)
        continue
      }
      // of the latest who began after nobody listened: an earlier one may learn later, of events that this one is still to be told
      for (let asked = entered; asked; asked = entered) {
        const last = await asked
        if (asked !== entered) continue
        entered = null
        if (last > recent.last) recent.begin(last)
      }
      const events = await persist(() => eventsAfter(database, { after: recent.last, limit: BATCH }))
      if (events === null || closing.signal.aborted) return
      if (events.length > 0) tell(events.map(framed))
      else await look()
      if (events.length < BATCH) await hint.rest(POLL_MS, closing.signal)
    }
  }

  /** A database that was put back to an earlier state gives the same `seq` anew: whoever listens has to begin anew as well. */
  async function look(): Promise<void> {
    if (performance.now() - lookedAt < lookMs) return
    lookedAt = performance.now()
    const state = await persist(() => streamState(database))
    if (!state) return
    if (epoch !== null && epoch !== state.epoch) {
      log.warn('the stream of events is another one; its subscribers begin anew')
      recent.begin(state.last)
      for (const subscriber of audience.everybody()) letGo(subscriber)
    }
    epoch = state.epoch
  }

  function tell(events: FramedEvent[]): void {
    recent.add(events)
    for (const [subscriber, share] of audience.shares(events)) {
      if (!audience.has(subscriber)) continue
      try {
        subscriber.take(share)
      } catch (error) {
        log.error(described(error), 'a subscriber failed and is let go')
        letGo(subscriber)
      }
    }
  }

  function letGo(subscriber: Subscriber): void {
    audience.remove(subscriber)
    try {
      subscriber.end()
    } catch (error) {
      log.error(described(error), 'a subscriber could not be told that the feed ends')
    }
  }

  return {
    async start() {
      const begun = persist(() => streamState(database))
      following ??= begun.then((state) => {
        if (state === null) return
        epoch = state.epoch
        return follow(state.last)
      })
      await begun
    },
    wake() {
      if (audience.count() > 0) hint.give()
    },
    attach(subscriber) {
      if (closing.signal.aborted) {
        letGo(subscriber)
        return () => {}
      }
      // the first after a while is told of what happens from now on; if that cannot be read, rather of too much than of too little
      if (audience.count() === 0) {
        entered = streamState(database).then(
          ({ last }) => last,
          () => 0,
        )
      }
      audience.add(subscriber)
      hint.give()
      return () => audience.remove(subscriber)
    },
    async settled() {
      await entered
    },
    missed,
    state: () => ({
      subscribers: audience.count(),
      // where it was when nobody listened does not count as being behind
      told: audience.count() === 0 || entered ? null : recent.last,
    }),
    async close() {
      closing.abort()
      await following
      for (const subscriber of audience.everybody()) letGo(subscriber)
    },
  }
}
