import { expect, test } from 'bun:test'
import { Registry } from 'prom-client'
import { type FeedSources, watchFeed } from './metrics'

async function lagOf(sources: FeedSources): Promise<number> {
  const registry = new Registry()
  watchFeed(registry, sources)
  return Number(/^channelling_feed_lag_events (.*)$/m.exec(await registry.metrics())?.[1])
}

test.each([
  [5, 4],
  [9, 0],
  [null, 0],
])(
  'the feed lags by the events that were not told, and not at all while nobody listens: told %p, %p behind',
  async (told, lag) => {
    expect(await lagOf({ told: () => told, lastSeq: async () => 9 })).toBe(lag)
  },
)

test('a lag that cannot be read is none that could be mistaken for one', async () => {
  expect(await lagOf({ told: () => 5, lastSeq: () => Promise.reject(new Error('down')) })).toBeNaN()
})
