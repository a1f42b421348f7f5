import {
  type ChannellingEvent,
  type SubscribeOptions,
  type Subscription,
  type SubscriptionState,
  subscribe,
} from '@channelling/client'
import type { Told } from './sequence'

/** A subscriber of the client library, with what it was told and what came over its wire. */
export interface Watcher {
  told: Told[]
  /** Events that came to its sockets, those that came again included. */
  arrived(): number
  /** How often it was let in. */
  connections(): number
  /** What it last said of itself, how far it is, and when anything last came. */
  lately(): object
  subscription: Subscription
}

export interface WatcherGiven {
  port: number
  key: string
  sessions?: number[]
  /** False: whenever it connects it asks for what happens from then on, as a client would that keeps no place. */
  resuming?: boolean
  hear?: (event: ChannellingEvent) => void
}

/** What was told first under each `seq`. */
const firstTold = new Map<number, Told>()

/**
 * An event as far as it is looked at, the same object for everybody who was told the same: with hundreds of subscribers there may be many
 * millions, and whoever sees to their memory holds up the whole test, bookings and balancer included.
 */
function shared({ seq, type, sessionId, bookingId }: ChannellingEvent): Told {
  const first = firstTold.get(seq)
  if (first?.type === type && first.sessionId === sessionId && first.bookingId === bookingId) return first
  const told = { seq, type, sessionId, bookingId }
  firstTold.set(seq, told)
  return told
}

/** Starts one, and waits until it is up to date. */
export async function aWatcher({ port, key, sessions, resuming = true, hear }: WatcherGiven): Promise<Watcher> {
  const told: Told[] = []
  let arrived = 0
  let connections = 0
  let state: SubscriptionState | undefined
  let stateAt = 0
  let arrivedAt = 0
  const live = Promise.withResolvers<void>()

  class Counting extends WebSocket {
    constructor(url: string, options: string[]) {
      super(resuming ? url : withoutPlace(url), options)
      this.addEventListener('message', ({ data }) => {
        arrivedAt = performance.now()
        if (String(data).includes('"sessionId"')) arrived++
        else if (String(data).includes('"hello"')) connections++
      })
    }
  }
  const subscription = subscribe({
    url: `http://127.0.0.1:${port}`,
    key,
    sessions,
    webSocket: Counting as unknown as SubscribeOptions['webSocket'],
    onEvent(event) {
      told.push(shared(event))
      hear?.(event)
    },
    onState(now) {
      state = now
      stateAt = performance.now()
      if (now.state === 'live') live.resolve()
    },
  })
  void subscription.closed.then((ending) => live.reject(new Error(`It ended: ${JSON.stringify(ending)}`)))
  await live.promise
  const ago = (at: number) => `${((performance.now() - at) / 1000).toFixed(1)} s ago`
  return {
    told,
    arrived: () => arrived,
    connections: () => connections,
    lately: () => ({
      ...state,
      since: ago(stateAt),
      frame: ago(arrivedAt),
      arrived,
      connections,
      position: subscription.position(),
    }),
    subscription,
  }
}

function withoutPlace(url: string): string {
  const bare = new URL(url)
  bare.searchParams.delete('from')
  return bare.href
}
