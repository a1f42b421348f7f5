import { type Day, MINUTE_MS } from '@channelling/contract'
import { described, type Log } from '@channelling/http'
import { type Held, whileLeased } from '@channelling/schema'
import { type ImportDependencies, publishSessions } from './import/import-catalogue'

/** How often it looks whether a new day has begun in the hospital's zone. */
const LOOK_EVERY_MS = 5 * MINUTE_MS

type PublisherDependencies = ImportDependencies & { log: Log }

/**
 * Publishes the sessions of the coming days once at the start and again each day, so that there is always a month to book. Of several
 * processes one does it; should two, the database refuses the second one's sessions and it finds them there.
 */
export function startPublisher(dependencies: PublisherDependencies): { close(): Promise<void> } {
  return whileLeased(dependencies.database, 'catalogue.publisher', (held) => publishWhile(held, dependencies))
}

async function publishWhile({ ended, isHeld }: Held, dependencies: PublisherDependencies): Promise<void> {
  const { calendar, clock, log } = dependencies
  let published: Day | null = null
  let round: Promise<void> | null = null

  async function publishOnce(): Promise<void> {
    const today = calendar.dayOf(clock())
    if (today === published || !isHeld()) return
    try {
      const { created } = await publishSessions(dependencies)
      published = today
      log.info({ count: created }, 'sessions published')
    } catch (error) {
      log.error(described(error), 'sessions could not be published; trying again later')
    }
  }

  const look = () => {
    round ??= publishOnce().finally(() => {
      round = null
    })
  }
  look()
  const timer = setInterval(look, LOOK_EVERY_MS)
  await ended
  clearInterval(timer)
  await round
}
