import { described, type Log } from '@channelling/http'
import type { Database } from '@channelling/schema'
import { type Outcome, saveOutcome } from './store/outcomes'

/** Writes down what came of attempts: those that end while one write is under way, in the next. */
export interface Outcomes {
  /** Resolves once it is written down. It is tried until it is, or until this closes. */
  save(outcome: Outcome): Promise<void>
  close(): Promise<void>
}

const RETRY_MS = 500

export function createOutcomes({ database, log }: { database: Pick<Database, 'write'>; log: Log }): Outcomes {
  let waiting: { outcome: Outcome; saved: () => void }[] = []
  let writing: Promise<void> | null = null
  let closed = false

  async function write(): Promise<void> {
    while (waiting.length > 0) {
      const group = waiting
      waiting = []
      try {
        await database.write(group.flatMap(({ outcome }) => saveOutcome(outcome)))
      } catch (error) {
        log.error(described(error), 'what came of deliveries could not be written down; trying again')
        if (!closed) {
          waiting = [...group, ...waiting]
          await Bun.sleep(RETRY_MS)
          continue
        }
      }
      for (const { saved } of group) saved()
    }
    writing = null
  }

  return {
    save(outcome) {
      const { promise, resolve } = Promise.withResolvers<void>()
      waiting.push({ outcome, saved: resolve })
      writing ??= write()
      return promise
    },
    async close() {
      closed = true
      await writing
    },
  }
}
