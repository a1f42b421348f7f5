import { type ChannellingEvent, subscribe } from '@channelling/client'
import type { Chance } from '../support/chance'
import { EPOCH } from './data'
import { createHost, type Host } from './host'
import type { Scheduler } from './scheduler'
import type { Sockets } from './sockets'

/** A subscriber with what it has on its disk. */
export interface Subscriber {
  host: Host<{ close(): Promise<unknown> }>
  /** The sessions that it asked for; none is all of them. */
  sessions: number[]
  heard: ChannellingEvent[]
}

/** Starts a subscriber who hears with the client that integrators are given, and keeps where it was with what it heard. */
export function startSubscriber(
  name: string,
  { sessions, slow, handlesMs }: { sessions: number[]; slow: boolean; handlesMs: number },
  {
    scheduler,
    sockets,
    chance,
    fault,
  }: {
    scheduler: Scheduler
    sockets: Sockets
    chance: Chance
    fault: (what: string) => void
  },
): Subscriber {
  const heard: ChannellingEvent[] = []
  let position = `${EPOCH}:0`
  const host: Subscriber['host'] = createHost(name, scheduler, async () => {
    host.onCrash(() => sockets.gone(host.process()))
    const subscription = subscribe({
      url: 'http://simulated',
      ticket: async () => 'ticket',
      from: position,
      ...(sessions.length > 0 && { sessions }),
      webSocket: sockets.constructorFor(slow),
      async onEvent(event, at) {
        if (handlesMs > 0) await Bun.sleep(chance.next() * handlesMs)
        heard.push(event)
        position = at
      },
      onResync: ({ from, to }) => fault(`${name} is told that it missed something between ${from} and ${to}`),
    })
    subscription.closed.catch((error) => fault(`${name} failed: ${error}`))
    return {
      close() {
        subscription.close()
        return subscription.closed
      },
    }
  })
  return { host, sessions, heard }
}
