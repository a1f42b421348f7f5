import type { StreamNotice } from '@channelling/contract'
import { described, type Log } from '@channelling/http'
import type { Feed } from './feed'
import type { FramedEvent } from './framing'
import { isUsable, type Position } from './rules/position'
import { concerns, type Topics } from './rules/topics'

/** Events that are read at a time of what was missed. */
const BATCH = 250
/** Events that may wait while the last of what was missed is read; beyond it that begins anew. */
const WAITING_MAX = 1_000

/** Where a subscription goes to: a socket, or an answer that does not end. */
export interface Outlet {
  /** Sends events in their order while there is room, and says how many it sent. */
  send(events: readonly FramedEvent[]): number
  say(notice: Exclude<StreamNotice, { type: 'heartbeat' }>): void
  /** Resolves once there is room for more; false when nobody reads any more. */
  room(): Promise<boolean>
  /** What happens is more than it can be sent. Nothing follows. */
  tooSlow(): void
  /** The feed ends. Nothing follows. */
  end(): void
}

export interface SubscriptionOptions {
  feed: Feed
  topics: Topics
  /** After which event to begin; what happens from now on unless given. */
  from: Position | null
  outlet: Outlet
  log: Log
}

export interface Subscription {
  /** Up to where everything that it wants to hear of was sent; null before it was told where the stream stands. */
  position(): Position | null
  stop(): void
}

/**
 * `replaying`: what was missed is read from the database, at the pace of whoever reads it. `joining`: the same, while what the feed tells is
 * kept: a read that comes to the end then meets it without a gap. `live`: what the feed tells is sent.
 */
type Stage = 'replaying' | 'joining' | 'live' | 'over'

/** Sends what was missed and then what happens, in order, each event once. */
export function subscribe({ feed, topics, from, outlet, log }: SubscriptionOptions): Subscription {
  let stage = 'joining' as Stage
  let waiting: FramedEvent[] = []
  let epoch: string | null = null
  /** Everything up to here that concerns it was sent. */
  let at = 0
  const is = (...stages: Stage[]) => stages.includes(stage)
  let detach = () => {}
  detach = feed.attach({
    topics,
    take(events) {
      if (is('live')) pass(events)
      else if (is('joining')) keep(events)
    },
    end() {
      stop()
      outlet.end()
    },
  })
  follow().catch((error) => {
    log.error(described(error), 'a subscription failed and is let go')
    stop()
    outlet.end()
  })

  function stop(): void {
    stage = 'over'
    waiting = []
    detach()
  }

  function keep(events: readonly FramedEvent[]): void {
    for (const event of events) waiting.push(event)
    if (waiting.length <= WAITING_MAX) return
    stage = 'replaying'
    waiting = []
  }

  function pass(events: readonly FramedEvent[]): void {
    if (sentAll(events[0]!.event.seq > at ? events : events.filter(({ event }) => event.seq > at))) return
    stop()
    outlet.tooSlow()
  }

  /** Whether all of them were sent; if not, `at` says how far it came. */
  function sentAll(events: readonly FramedEvent[]): boolean {
    const sent = outlet.send(events)
    if (sent > 0) at = events[sent - 1]!.event.seq
    return sent === events.length
  }

  async function follow(): Promise<void> {
    await feed.settled()
    let read = await feed.missed({ after: from?.seq ?? 0, limit: from ? BATCH : 0 })
    if (!read || is('over')) return
    epoch = read.epoch
    outlet.say({ type: 'hello', epoch, seq: read.last })
    /** Where what was missed ends, for who is to be told that it did. */
    let end = from && read.last
    if (from) at = from.seq
    else at = read.last
    // of another stream, its `seq` says nothing about this one
    if (from && from.epoch !== epoch) at = Number.POSITIVE_INFINITY
    for (;;) {
      if (!isUsable({ epoch, seq: at }, read)) {
        epoch = read.epoch
        at = read.last
        end = null
        outlet.say({ type: 'resync', epoch, seq: at })
      } else if (sentAll(read.events.filter(({ event }) => concerns(topics, event)))) {
        at = read.events.length < BATCH ? (end ?? read.last) : read.events.at(-1)!.event.seq
        if (at === end) {
          end = null
          outlet.say({ type: 'recovered', epoch, seq: at })
        }
      }
      if (at >= read.last && joined()) return
      if (!(await outlet.room()) || is('over')) return
      stage = 'joining'
      waiting = []
      read = await feed.missed({ after: at, upTo: end ?? undefined, limit: BATCH })
      if (!read || is('over')) return
    }
  }

  /** Goes live, if what the feed told meanwhile was kept and there is room for it. */
  function joined(): boolean {
    if (!is('joining')) return false
    const kept = waiting.filter(({ event }) => event.seq > at)
    waiting = []
    if (!sentAll(kept)) return false
    stage = 'live'
    return true
  }

  return {
    position() {
      if (epoch === null) return null
      return { epoch, seq: is('live') ? Math.max(at, feed.state().told ?? 0) : at }
    },
    stop,
  }
}
