import { pause } from '@channelling/schema'
import type { FramedEvent } from './framing'

/** A minute of 160 bookings a second, or some ten megabytes with their frames. */
const KEPT_MAX = 10_000
/** So many more may gather, so that not every new event moves all of them. */
const MORE = 1_000

/** The end of the stream as far as it was told. Whoever missed a moment of it costs no reading, however many they are. */
export interface Recent {
  /** Everything after this `seq`, up to `last`, is kept. */
  readonly after: number
  /** The last `seq` that was told. */
  readonly last: number
  /** How many events it is meant to keep. */
  readonly max: number
  /** Goes on from elsewhere, with nothing kept. */
  begin(last: number): void
  /** The events that follow `last`. */
  add(events: readonly FramedEvent[]): void
  /** The events that go before those that are kept: all that are after this `seq`. */
  reachBack(after: number, events: readonly FramedEvent[]): void
  /** Resolves when everything up to a `seq` was told, or the time is up. */
  reaches(seq: number, ms: number): Promise<void>
  /** At most `limit` of the events after one `seq` and up to another; null where it does not keep them all. */
  between(after: number, upTo: number, limit: number): FramedEvent[] | null
}

/** @param closing ends what waits */
export function createRecent(closing: AbortSignal, max = KEPT_MAX): Recent {
  let kept: FramedEvent[] = []
  /** What ends a wait, by the `seq` that is waited for. */
  const awaited = new Map<() => void, number>()
  let after = 0
  let last = 0

  /** Where the first event after a `seq` is. */
  function indexAfter(seq: number): number {
    let [low, high] = [0, kept.length]
    while (low < high) {
      const middle = (low + high) >>> 1
      if (kept[middle]!.event.seq > seq) high = middle
      else low = middle + 1
    }
    return low
  }

  return {
    max,
    get after() {
      return after
    },
    get last() {
      return last
    },
    begin(at) {
      kept = []
      after = last = at
    },
    add(events) {
      for (const event of events) kept.push(event)
      last = events.at(-1)?.event.seq ?? last
      for (const [end, seq] of awaited) if (seq <= last) end()
      if (kept.length <= max + MORE) return
      after = kept[kept.length - max - 1]!.event.seq
      kept = kept.slice(-max)
    },
    reachBack(from, events) {
      kept = [...events, ...kept]
      after = from
    },
    async reaches(seq, ms) {
      if (seq <= last) return
      let end = () => {}
      await pause(ms, closing, (done) => {
        end = done
        awaited.set(end, seq)
      })
      awaited.delete(end)
    },
    between(from, upTo, limit) {
      if (from < after || upTo > last) return null
      const first = indexAfter(from)
      return kept.slice(first, Math.min(first + limit, indexAfter(upTo)))
    },
  }
}
