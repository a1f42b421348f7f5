import type { Database } from '@channelling/schema'
import type { FramedEvent } from './framing'
import type { Hint } from './hint'
import { createNextAnswer } from './next-answer'
import type { Recent } from './recent'
import type { StreamState } from './rules/position'
import { eventsAfter, readStretch, type StreamEvent, type Stretch, streamState } from './store/outbox'
import { createTurns } from './turns'

const BATCH = 500
/** Readers of what they missed long ago that are served at a time. */
const AT_ONCE = 4
/** How much further back it is read than who asks needs, for those who ask next. */
const FURTHER = 500
/** How long what is committed may take to be told: for a look that no hint led to. */
const TOLD_MS_MAX = 500

/** A stretch of the stream, and where the stream stood at some moment after it was asked for. */
export type Missed = StreamState & { events: FramedEvent[] }

export interface MissedOptions {
  database: Pick<Database, 'read' | 'readAll'>
  /** What was told lately. */
  recent: Recent
  framed: (event: StreamEvent) => FramedEvent
  /** Does some reading until it succeeds; null once nothing is read any more. */
  persist: <Read>(reading: () => Promise<Read>) => Promise<Read | null>
  /** Hastens the telling. */
  hint: Pick<Hint, 'give'>
  /** Of the stream that is told. */
  epoch: () => string | null
}

/** Finds what was missed: what was told lately costs no reading, and what was told before it one reading for all; see `Feed.missed`. */
export function createMissed({ database, recent, framed, persist, hint, epoch }: MissedOptions) {
  const stateNow = createNextAnswer(() => persist(() => streamState(database)))
  const oneByOne = createTurns(1)
  const inTurn = createTurns(AT_ONCE)

  /** Reads what is right before what is kept, unless that would be more than is meant to be kept. */
  const reachBack = (after: number) =>
    oneByOne(async () => {
      const [of, upTo] = [epoch(), recent.after]
      const from = Math.max(0, after - FURTHER, recent.last - recent.max)
      if (after >= upTo || from > after) return
      const events: FramedEvent[] = []
      for (let at = from, more = true; more; ) {
        await new Promise(setImmediate)
        const read = await persist(() => eventsAfter(database, { after: at, upTo, limit: BATCH }))
        if (read === null) return
        for (const event of read) events.push(framed(event))
        at = events.at(-1)?.event.seq ?? at
        more = read.length === BATCH
      }
      if (recent.after === upTo && epoch() === of) recent.reachBack(from, events)
    })

  /** Null where it is not kept, or is of another stream. */
  async function kept(state: StreamState, { after, upTo = state.last, limit }: Stretch): Promise<FramedEvent[] | null> {
    if (state.epoch !== epoch()) return null
    if (after < recent.after) await reachBack(after)
    if (after < recent.after) return null
    const end = Math.min(upTo, state.last)
    if (end > recent.last) {
      hint.give()
      await recent.reaches(end, TOLD_MS_MAX)
    }
    // while it waited the database may have become another
    return state.epoch === epoch() ? recent.between(after, end, limit) : null
  }

  return async (stretch: Stretch): Promise<Missed | null> => {
    const state = await stateNow()
    if (state === null) return null
    const events = stretch.limit === 0 ? [] : await kept(state, stretch)
    if (events) return { ...state, events }
    return inTurn(async () => {
      await new Promise(setImmediate)
      const read = await persist(() => readStretch(database, stretch))
      return read && { ...read, events: read.events.map(framed) }
    })
  }
}
