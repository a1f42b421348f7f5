import type { Database, Statement, Written } from '@channelling/schema'

/** Ids taken at a time: few enough that a crash leaves a small gap, many enough that taking them is rare. */
const RANGE = 512
/** With fewer than this left the next write takes a range along. */
const FEW = RANGE / 2
/**
 * Both are more where groups are large, as a multiple of the last one: what a write takes along is there once it is saved, and by then the
 * next group has been decided, and the one after it is about to be.
 */
const FEW_GROUPS = 3
const RANGE_GROUPS = 4

/** Ids that are this process's own, in ascending order; `end` is the first that is not. */
interface Range {
  next: number
  end: number
}

const taking = (size: number): Statement => ({
  sql: 'UPDATE booking_sequence SET next = next + ? WHERE one = 1 RETURNING next',
  args: [size],
})

/** Hands out booking ids, each once, in ranges taken from the database. */
export function bookingIds(database: Database) {
  /** Ascending, and never two of which the second continues the first: one process alone leaves no gaps. */
  const ranges: Range[] = []
  /** What the last group asked for. */
  let asked = 0

  function took({ rows }: Written, size: number): void {
    const { next: end } = rows[0] as { next: number }
    const last = ranges.at(-1)
    if (last?.end === end - size) last.end = end
    else ranges.push({ next: end - size, end })
  }

  return {
    /** Makes sure of `count` ids in a row and says the first. They are the caller's once it says `used`. */
    async setAside(count: number): Promise<number> {
      asked = count
      for (;;) {
        const [first] = ranges
        if (first && first.end - first.next >= count) return first.next
        if (ranges.length > 1) ranges.shift()
        else {
          const size = Math.max(RANGE, count)
          const [taken] = await database.write([taking(size)])
          took(taken!, size)
        }
      }
    },
    /** The ids before `upTo` are given. A group may say so late, after another one was given more: those stay given. */
    used(upTo: number): void {
      const [first] = ranges
      if (first) first.next = Math.max(first.next, upTo)
    },
    /**
     * What a write is to take along where ids run low, so that no group has to wait for more: statements, and what to call with what
     * was written of them once it is saved.
     */
    ahead(): { statements: Statement[]; saved(written: Written[]): void } {
      const left = ranges.reduce((sum, { next, end }) => sum + end - next, 0)
      if (left >= Math.max(FEW, FEW_GROUPS * asked)) return { statements: [], saved() {} }
      const size = Math.max(RANGE, RANGE_GROUPS * asked)
      return { statements: [taking(size)], saved: ([taken]) => took(taken!, size) }
    },
    /** Gives the rest of the last range back, if nobody took one since, so that an orderly restart leaves no gap. */
    async giveBack(): Promise<void> {
      const last = ranges.pop()
      if (!last || last.next === last.end) return
      await database.write([
        { sql: 'UPDATE booking_sequence SET next = ? WHERE one = 1 AND next = ?', args: [last.next, last.end] },
      ])
    },
  }
}

export type BookingIds = ReturnType<typeof bookingIds>
