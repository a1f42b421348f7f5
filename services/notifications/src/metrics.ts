import { asked } from '@channelling/metrics'
import type { Registry } from 'prom-client'

export interface FeedSources {
  /** The last `seq` that the open sockets were told of; null while there are none. */
  told: () => number | null
  /** The last `seq` of the outbox. */
  lastSeq: () => Promise<number>
}

/** How far subscribers are behind what happened, in the process where they are told. */
export function watchFeed(registry: Registry, { told, lastSeq }: FeedSources): void {
  asked(registry, 'channelling_outbox_last_seq', 'The number of the last event', lastSeq)
  asked(registry, 'channelling_feed_lag_events', 'Events that the open sockets were not told of yet', async () => {
    const last = told()
    return last === null ? 0 : Math.max(0, (await lastSeq()) - last)
  })
}
