import type { FramedEvent } from './framing'
import { consultantsOf, everything, isEverything, sessionsOf, type Topics } from './rules/topics'

export interface Subscriber {
  /** Takes the next events that concern it, in commit order. It returns at once: nobody waits for a slow subscriber. */
  take(events: readonly FramedEvent[]): void
  /** No more will come: the feed closes, or it could not hand over an event. */
  end(): void
  /** What it wants to hear of; everything unless given. */
  topics?: Topics
}

/** The subscribers by what they want to hear of, so that an event costs only those whom it concerns. */
export function createAudience() {
  const all = new Set<Subscriber>()
  const ofEverything = new Set<Subscriber>()
  const bySession = new Map<number, Set<Subscriber>>()
  const byConsultant = new Map<number, Set<Subscriber>>()

  function enter(index: Map<number, Set<Subscriber>>, id: number, subscriber: Subscriber): void {
    const among = index.get(id)
    if (among) among.add(subscriber)
    else index.set(id, new Set([subscriber]))
  }

  function leave(index: Map<number, Set<Subscriber>>, id: number, subscriber: Subscriber): void {
    const among = index.get(id)
    among?.delete(subscriber)
    if (among?.size === 0) index.delete(id)
  }

  /** Whom an event concerns among those who do not want everything; somebody may be named twice. */
  function* whom({ event }: FramedEvent): Generator<Subscriber> {
    for (const id of sessionsOf(event)) yield* bySession.get(id) ?? []
    for (const id of consultantsOf(event)) yield* byConsultant.get(id) ?? []
  }

  return {
    count: () => all.size,
    has: (subscriber: Subscriber) => all.has(subscriber),
    add(subscriber: Subscriber): void {
      all.add(subscriber)
      const topics = subscriber.topics ?? everything
      if (isEverything(topics)) ofEverything.add(subscriber)
      for (const id of topics.sessions) enter(bySession, id, subscriber)
      for (const id of topics.consultants) enter(byConsultant, id, subscriber)
    },
    remove(subscriber: Subscriber): void {
      all.delete(subscriber)
      ofEverything.delete(subscriber)
      const { sessions, consultants } = subscriber.topics ?? everything
      for (const id of sessions) leave(bySession, id, subscriber)
      for (const id of consultants) leave(byConsultant, id, subscriber)
    },
    /** Every one of them, as they are now. */
    everybody: () => [...all],
    /** What each of them has to be told of these events. */
    shares(events: readonly FramedEvent[]): Map<Subscriber, readonly FramedEvent[]> {
      const shares = new Map<Subscriber, readonly FramedEvent[]>()
      for (const subscriber of ofEverything) shares.set(subscriber, events)
      if (ofEverything.size === all.size) return shares
      const chosen = new Map<Subscriber, FramedEvent[]>()
      for (const event of events) {
        for (const subscriber of whom(event)) {
          const share = chosen.get(subscriber)
          if (!share) chosen.set(subscriber, [event])
          else if (share.at(-1) !== event) share.push(event)
        }
      }
      for (const [subscriber, share] of chosen) shares.set(subscriber, share)
      return shares
    },
  }
}
