import type { ChannellingEvent } from './events'
import type { Frame } from './frames'
import { type Position, written } from './position'

/** Events between the two are lost to this subscriber: whatever it keeps has to be loaded anew. */
export interface Resync {
  /** Where it was. */
  from: string
  /** From where it goes on. */
  to: string
}

/** What a frame comes to, and how far the subscriber is once that is dealt with. */
export type Item = { at: Position; event?: ChannellingEvent; resync?: Resync }

/** Makes of the frames of one connection after another a stream in which everything is once. */
export interface Intake {
  /** Up to where everything was taken in: from there the next connection resumes. Null before the first. */
  taken(): Position | null
  /** A new connection, which was asked for what is after `taken`. */
  begin(): void
  /** Null is nothing new. */
  take(frame: Frame): Item | null
  /** Whether the connection has brought everything that had happened before it. */
  caughtUp(): boolean
}

export function createIntake(from: Position | null): Intake {
  let taken = from
  let epoch = ''
  let live = false

  const goOn = (seq: number): Item => {
    taken = { epoch, seq }
    return { at: taken }
  }

  return {
    taken: () => taken,
    caughtUp: () => live,
    begin() {
      live = false
    },
    take(frame) {
      switch (frame.kind) {
        case 'hello':
          epoch = frame.epoch
          // with a place to resume from, what is missed comes first
          if (taken) return null
          live = true
          return goOn(frame.seq)
        case 'recovered':
          live = true
          return goOn(frame.seq)
        case 'resync': {
          const before = taken
          live = true
          const item = goOn(frame.seq)
          return before ? { ...item, resync: { from: written(before), to: written(item.at) } } : item
        }
        case 'heartbeat':
          return taken?.epoch === epoch && frame.seq > taken.seq ? goOn(frame.seq) : null
        case 'event':
          if (taken?.epoch === epoch && frame.event.seq <= taken.seq) return null
          return { ...goOn(frame.event.seq), event: frame.event }
      }
    },
  }
}
