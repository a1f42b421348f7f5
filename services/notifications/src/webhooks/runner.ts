import type { Calendar, Instant } from '@channelling/contract'
import { described, type Log } from '@channelling/http'
import { type Database, type Held, isLostLease, pause, whileLeased } from '@channelling/schema'
import { createHint } from '../hint'
import { createAttempts } from './attempts'
import { createClaims } from './claims'
import type { Receivers } from './receivers'
import { sweep } from './store/sweep'
import { readWork } from './store/work'

export interface WebhooksOptions {
  database: Database
  calendar: Calendar
  clock: () => Instant
  log: Log
  receivers: Receivers
  /** From 0 up to 1, drawn for each wait. */
  chance?: () => number
}

/** What delivers by webhook. Of several processes one does it at a time. */
export interface Webhooks {
  /** Says that something may have happened. It may be called any number of times, and be forgotten. */
  wake(): void
  /** Attempts under way. */
  underWay(): number
  /** What does not end in a moment is sent again later. */
  close(): Promise<void>
}

/** How long something to be done can stay unseen when no hint of it comes. */
const POLL_MS = 500
/** Between two looks when hints come one upon another: what comes meanwhile is done together. */
const PAUSE_MS = 10
const SWEEP_MS = 3_600_000

export function startWebhooks(options: WebhooksOptions): Webhooks {
  /** Of the work under way, if it is this process that does it. */
  let present = { wake: () => {}, underWay: () => 0 }
  const leased = whileLeased(
    options.database,
    'notifications.webhooks',
    (held) =>
      deliverWhile(held, options, (work) => {
        present = work
      }),
    { onFault: (error) => options.log.error(described(error), 'webhooks could not be looked after; trying again') },
  )
  return {
    wake: () => present.wake(),
    underWay: () => present.underWay(),
    close: () => leased.close(),
  }
}

async function deliverWhile(
  held: Held,
  { database, calendar, clock, log, receivers, chance = Math.random }: WebhooksOptions,
  onBegun: (work: { wake(): void; underWay(): number }) => void,
): Promise<void> {
  const hint = createHint()
  let any = true
  let sweptAt: Instant | null = null
  const claims = createClaims({ database, calendar, clock, fence: held.fence })
  const attempts = createAttempts({ database, clock, log, receivers, chance, onDone: hint.give })
  onBegun({ wake: () => any && hint.give(), underWay: attempts.underWay })

  /** Resolves to whether there is more to be done at once. */
  async function look(): Promise<boolean> {
    const work = await readWork(database)
    const { webhooks } = work
    any = webhooks.length > 0
    const more = any && (await claims.claim(work))
    if (any && held.isHeld()) await attempts.begin(webhooks)
    const now = clock()
    if (sweptAt !== null && now - sweptAt < SWEEP_MS) return more
    if (await sweep(database, now)) return true
    sweptAt = now
    return more
  }

  while (held.isHeld()) {
    hint.take()
    try {
      if (await look()) hint.give()
    } catch (error) {
      if (!isLostLease(error)) log.error(described(error), 'webhooks could not be looked after; trying again')
    }
    await pause(PAUSE_MS, held.signal)
    await hint.rest(POLL_MS, held.signal)
  }
  await attempts.close()
}
