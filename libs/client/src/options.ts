import type { Filter } from './address'
import type { SocketConstructor } from './connection'
import type { ChannellingEvent } from './events'
import type { Resync } from './intake'
import type { Refused } from './refusal'

/** Exactly one of the two. */
export type Credential =
  | {
      /** An API key. For servers only: a page cannot send one with a socket, and must not hold one. */
      key: string
      ticket?: undefined
    }
  | {
      /**
       * Gets a fresh ticket, once for every connection, from a server that holds a key (`POST /api/notifications/tickets`). An error
       * with a `status` of 400, 401 or 403 ends the subscription; after any other it is called again.
       */
      ticket: () => Promise<string>
      key?: undefined
    }

export type Ending =
  /** `close()` was called, or the signal given. */
  | { why: 'asked' }
  /** The key or the ticket is no longer good, or the question is wrong. */
  | ({ why: 'refused' } & Refused)
  /** A callback threw, or no socket can be made here. */
  | { why: 'failed'; error: unknown }

export type SubscriptionState =
  | { state: 'connecting' }
  /** What was missed has come; what happens now follows at once. */
  | { state: 'live' }
  /** `code` is that of the close frame; null where this side gave up, or never got as far. */
  | { state: 'waiting'; retryInMs: number; code: number | null; reason: string }
  | { state: 'closed'; ending: Ending }

export interface Subscribing extends Filter {
  /** Where the API is: what stands before `/api`, with the context root if there is one. */
  url: string | URL
  /** The `position()` of an earlier subscription: what happened since comes first. Without it, from now on. */
  from?: string | null
  /**
   * Called for one event after the other, each once, in order. The next one waits for its promise; what it has not finished is not in
   * `position()`. If it fails, the subscription ends and `closed` rejects with its error.
   * @param position after this event: what to keep, best in one write with what the event led to
   */
  onEvent(event: ChannellingEvent, position: string): unknown
  /** Called, in its place among the events, when some were lost. */
  onResync?(resync: Resync): unknown
  /** What becomes of the connection; not in step with the events, which may still be waiting for `onEvent`. */
  onState?(state: SubscriptionState): void
  signal?: AbortSignal
  /** In place of the platform's own. */
  webSocket?: SocketConstructor
}

export type SubscribeOptions = Credential & Subscribing

export interface Subscription {
  /** `<epoch>:<seq>` after what `onEvent` has finished; null before the first connection. Keep it, and give it as `from`. */
  position(): string | null
  /** Ends it: no event is handed over any more. */
  close(): void
  /** Resolves when it has ended and `onEvent` is done; rejects with what a callback threw. */
  closed: Promise<Ending>
}
