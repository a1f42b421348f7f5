import type { Database } from '@channelling/schema'

/** Ids taken ahead at a time: few enough that a crash leaves a small gap, many enough that taking them is rare. */
const RANGE = 512

/** Hands out booking ids, each once, in ranges taken from the database. */
export function bookingIds(database: Database) {
  let next = 0
  let end = 0

  return {
    /** Makes sure of `count` ids in a row and says the first. They are the caller's once it says `used`. */
    async setAside(count: number): Promise<number> {
      if (end - next >= count) return next
      const size = Math.max(RANGE, count)
      const [taken] = await database.write([
        { sql: 'UPDATE booking_sequence SET next = next + ? WHERE one = 1 RETURNING next', args: [size] },
      ])
      const reached = (taken!.rows[0] as { next: number }).next
      // a rest that the new range continues is kept, so that one process alone leaves no gaps
      next = end === reached - size && next > 0 ? next : reached - size
      end = reached
      return next
    },
    /** The ids before `upTo` are given. A group may say so late, after another one was given more: those stay given. */
    used(upTo: number): void {
      next = Math.max(next, upTo)
    },
    /** Gives the rest of the range back, if nobody took one since, so that an orderly restart leaves no gap. */
    async giveBack(): Promise<void> {
      if (next === end) return
      await database.write([
        { sql: 'UPDATE booking_sequence SET next = ? WHERE one = 1 AND next = ?', args: [next, end] },
      ])
      end = next
    },
  }
}

export type BookingIds = ReturnType<typeof bookingIds>
