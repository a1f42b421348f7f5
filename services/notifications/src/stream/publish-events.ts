import type { Calendar, Instant } from '@channelling/contract'
import { described, type Log } from '@channelling/http'
import { type Database, type Held, pause, whileLeased } from '@channelling/schema'
import { type EventStream, openEventStream, type Wake } from '@channelling/wake'
import { createHint } from '../hint'
import { readStretch } from '../store/outbox'
import { firstSince } from './first-since'
import { messageOf, placeOf } from './message'

/** How long an event can stay unpublished when no hint of it arrives. */
const LOOK_MS = 1000
const RETRY_MS = 1000
const BATCH = 256

export interface StreamPublisherOptions {
  database: Pick<Database, 'read' | 'readAll' | 'write' | 'shared'>
  wake: Pick<Wake, 'connection'>
  calendar: Calendar
  clock: () => Instant
  log: Log
}

export interface StreamPublisher {
  /** Says that something may have happened. */
  wake(): void
  close(): Promise<void>
}

/**
 * Copies the outbox into a JetStream stream for the consumers of other teams: every event, in order, each once. What was copied is
 * known from the stream itself, so that it goes on from there whatever ended. Of several processes one does it; NATS refuses another.
 */
export function startStreamPublisher(options: StreamPublisherOptions): StreamPublisher {
  const { database, wake, log } = options
  const { connection } = wake
  const hint = createHint()
  if (!connection) return { wake: () => {}, close: async () => {} }
  connection.onConnected(hint.give)

  const leased = whileLeased(database, 'notifications.stream', async (held) => {
    let failing = false
    while (held.isHeld()) {
      hint.take()
      const connected = connection.current()
      try {
        if (connected) {
          const stream = await openEventStream(connected)
          if (failing) log.info('the event stream can be written again')
          failing = false
          await follow(stream, held)
        }
      } catch (error) {
        // while NATS is away that has been said
        if (connection.current() !== null) {
          if (!failing) log.warn(described(error), 'the event stream cannot be written; trying again')
          failing = true
        }
      }
      await (connected ? pause(RETRY_MS, held.signal) : hint.rest(RETRY_MS, held.signal))
    }
  })

  /** Until it fails, or another process does it. */
  async function follow(stream: EventStream, held: Held): Promise<void> {
    let place = placeOf(stream.last)
    while (held.isHeld()) {
      hint.take()
      const { epoch, events } = await readStretch(database, { after: place?.seq ?? 0, limit: BATCH })
      if (place?.epoch !== epoch) {
        place = { epoch, seq: await startOf(stream) }
        continue
      }
      if (events.length > 0 && held.isHeld()) {
        await stream.append(events.map((event) => messageOf(event, epoch, options.calendar)))
        place = { epoch, seq: events.at(-1)!.seq }
      }
      if (events.length < BATCH) await hint.rest(LOOK_MS, held.signal)
    }
  }

  /** Where a stream begins that has nothing of this epoch: with what it would still keep. */
  const startOf = async ({ keptMs }: EventStream) => (await firstSince(database, options.clock() - keptMs)) - 1

  return { wake: hint.give, close: () => leased.close() }
}
