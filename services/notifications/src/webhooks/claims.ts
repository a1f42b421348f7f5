import type { Calendar, Instant } from '@channelling/contract'
import type { Database, Statement } from '@channelling/schema'
import { isUsable, type StreamState } from '../rules/position'
import { isWanted } from '../rules/wanted'
import { eventsAfter, type StreamEvent } from '../store/outbox'
import { deliveryOf, resync } from './delivery'
import { type ActiveWebhook, claim, type Work } from './store/work'

/** Events that are read at a time. */
const BATCH = 200
/** Deliveries of one webhook that may wait; the rest waits in the outbox. */
export const WAITING_MAX = 2000
/** A place that moved over nothing that was wanted is written down after so many events, or so long. */
const PLACE_EVENTS_MAX = 1000
const PLACE_MS_MAX = 60_000

/** How far the outbox was read for a webhook, beyond what is written down. */
interface Reading {
  epoch: string
  /** As it was written down, and since when. */
  cursor: number
  replays: number
  since: Instant
  upTo: number
}

export interface ClaimsOptions {
  database: Database
  calendar: Calendar
  clock: () => Instant
  /** Goes first into every write. */
  fence: () => Statement[]
}

/** Makes deliveries of what happens, for each webhook from its own place on. */
export function createClaims({ database, calendar, clock, fence }: ClaimsOptions) {
  const readings = new Map<number, Reading>()

  function readingOf({ id, epoch, cursor, replays }: ActiveWebhook): Reading {
    const known = readings.get(id)
    if (known && known.epoch === epoch && known.cursor === cursor && known.replays === replays) return known
    const reading = { epoch, cursor, replays, since: clock(), upTo: cursor }
    readings.set(id, reading)
    return reading
  }

  /** What moves a webhook on, and whether there is more to be read for it. */
  async function step(
    webhook: ActiveWebhook,
    stream: StreamState,
    eventsAfter: (seq: number) => Promise<StreamEvent[]>,
  ): Promise<{ statements: Statement[]; more: boolean }> {
    const now = clock()
    if (!isUsable({ epoch: webhook.epoch, seq: webhook.cursor }, stream)) {
      const to = { epoch: stream.epoch, cursor: stream.last }
      return { statements: claim(webhook, to, [resync(stream)], now), more: true }
    }
    const reading = readingOf(webhook)
    const events = reading.upTo < stream.last ? await eventsAfter(reading.upTo) : []
    reading.upTo = events.at(-1)?.seq ?? reading.upTo
    const wanted = events.filter((event) => isWanted(event, webhook))
    const passed = reading.upTo - webhook.cursor
    const overdue = passed >= PLACE_EVENTS_MAX || (passed > 0 && now - reading.since >= PLACE_MS_MAX)
    const more = events.length === BATCH
    if (wanted.length === 0 && !overdue) return { statements: [], more }
    const deliveries = wanted.map((event) => deliveryOf(event, stream.epoch, webhook, calendar))
    const to = { epoch: stream.epoch, cursor: reading.upTo }
    return { statements: claim(webhook, to, deliveries, now), more }
  }

  return {
    /** In one write for all of them. Resolves to whether there is more to be read. */
    async claim({ webhooks, stream }: Work): Promise<boolean> {
      const known = new Set(webhooks.map(({ id }) => id))
      for (const id of readings.keys()) if (!known.has(id)) readings.delete(id)
      const read = new Map<number, Promise<StreamEvent[]>>()
      // those that stand at the same place share what is read from there
      const after = (seq: number) =>
        read.getOrInsertComputed(seq, () => eventsAfter(database, { after: seq, upTo: stream.last, limit: BATCH }))
      const steps = []
      for (const webhook of webhooks) {
        if (webhook.waiting < WAITING_MAX) steps.push(await step(webhook, stream, after))
      }
      const statements = steps.flatMap((one) => one.statements)
      if (statements.length > 0) {
        try {
          await database.write([...fence(), ...statements])
        } catch (error) {
          // what was read has not become deliveries
          readings.clear()
          throw error
        }
      }
      return steps.some(({ more }) => more)
    },
  }
}
