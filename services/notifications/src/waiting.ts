import type { Feed } from './feed'
import type { Topics } from './rules/topics'

/** Somebody who waits for the next event that concerns them. */
export interface Waiting {
  /** Whether one was told since this was asked last, or is before the time is up and the feed ends. */
  next(withinMs: number): Promise<boolean>
  stop(): void
}

export function waitFor(feed: Feed, topics: Topics): Waiting {
  let told = false
  let over = false
  let settle = () => {}
  const detach = feed.attach({
    topics,
    take() {
      told = true
      settle()
    },
    end() {
      over = true
      settle()
    },
  })
  return {
    async next(withinMs) {
      if (!told && !over) {
        await new Promise<void>((resolve) => {
          const timer = setTimeout(resolve, withinMs)
          settle = () => {
            clearTimeout(timer)
            resolve()
          }
        })
      }
      const happened = told
      told = false
      return happened
    },
    stop: detach,
  }
}
