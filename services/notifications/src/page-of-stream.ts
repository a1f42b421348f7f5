import type { Database } from '@channelling/schema'
import type { Feed } from './feed'
import { isUsable, type Position, type StreamState } from './rules/position'
import { concerns, isEverything, type Topics } from './rules/topics'
import { readStretch, type StreamEvent, streamState } from './store/outbox'
import { waitFor } from './waiting'

/** Of those that concern few, so many events are looked through at a time, and so often for one page. */
const STRETCH = 500
const STRETCHES_MAX = 20

export interface PageAsked {
  /** After which event to begin; the end of the stream unless given. */
  from: Position | null
  topics: Topics
  /** Events at most. */
  limit: number
  /** How long to wait for the first event. */
  waitMs: number
}

export interface PageOfStream {
  /** Where the stream stood. */
  state: StreamState
  events: StreamEvent[]
  /** Whether the position that was asked for could not be resumed. */
  resync: boolean
  /** Up to where everything that concerns it is in this page. */
  next: Position
}

/** What follows a position: at once where there is something, else as soon as there is, or empty when the time is up. */
export async function readPage(
  { database, feed }: { database: Database; feed: Feed },
  { from, topics, limit, waitMs }: PageAsked,
): Promise<PageOfStream> {
  const until = performance.now() + waitMs
  const waiting = waitMs > 0 ? waitFor(feed, topics) : null
  try {
    await feed.settled()
    let state: StreamState = await streamState(database)
    const at = from ?? { epoch: state.epoch, seq: state.last }
    let seq = at.seq
    const page = (events: StreamEvent[], resync = false): PageOfStream => ({
      state,
      events,
      resync,
      next: { epoch: state.epoch, seq: resync ? state.last : seq },
    })

    /** Whether something may still come that is worth another look; after the time is up there is a last one. */
    let waits = waiting !== null
    for (;;) {
      const events: StreamEvent[] = []
      let stretches = 0
      let ended = false
      while (!ended && events.length < limit && stretches++ < STRETCHES_MAX) {
        const asked = isEverything(topics) ? limit - events.length : STRETCH
        const read = await readStretch(database, { after: seq, limit: asked })
        state = read
        if (!isUsable({ epoch: at.epoch, seq }, read)) return page([], true)
        for (const event of read.events) {
          if (events.length === limit) break
          seq = event.seq
          if (concerns(topics, event)) events.push(event)
        }
        ended = read.events.length < asked
      }
      if (events.length > 0 || !ended || !waits) return page(events)
      waits = (await waiting?.next(until - performance.now())) === true
    }
  } finally {
    waiting?.stop()
  }
}
