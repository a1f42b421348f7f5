import type { Instant } from '@channelling/contract'
import type { NamedAnswer } from '@channelling/http'
import type { Database } from '@channelling/schema'

const ANSWERS_MAX = 20_000

interface Kept {
  answer: NamedAnswer
  /** The first instant at which time alone makes it wrong. */
  until: Instant
}

/**
 * Answers about single sessions that still hold. Whoever commits a change to a session or its places says so before the change is
 * acknowledged, so nothing is told that an acknowledged write has made wrong. It serves where every writer is in this process.
 */
export interface SessionAnswers {
  find(id: number, now: Instant): NamedAnswer | undefined
  /** Begins a reading; `keep` takes the answer unless anything was forgotten since. */
  begin(): (id: number, answer: NamedAnswer, until: Instant) => void
  forget(ids: Iterable<number>): void
  forgetAll(): void
}

export function createSessionAnswers(): SessionAnswers {
  const kept = new Map<number, Kept>()
  let forgotten = 0

  return {
    find(id, now) {
      const found = kept.get(id)
      return found && now < found.until ? found.answer : undefined
    },
    begin() {
      const before = forgotten
      return (id, answer, until) => {
        if (forgotten !== before) return
        if (kept.size >= ANSWERS_MAX) kept.delete(kept.keys().next().value!)
        kept.set(id, { answer, until })
      }
    },
    forget(ids) {
      forgotten++
      for (const id of ids) kept.delete(id)
    },
    forgetAll() {
      forgotten++
      kept.clear()
    },
  }
}

/** The same database, before whose every write is acknowledged what is kept of it is forgotten. */
export const forgettingOnWrite = (database: Database, ...kept: { forgetAll(): void }[]): Database => ({
  ...database,
  async write(statements, options) {
    try {
      return await database.write(statements, options)
    } finally {
      for (const one of kept) one.forgetAll()
    }
  },
})
