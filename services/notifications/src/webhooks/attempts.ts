import type { Instant } from '@channelling/contract'
import { described, type Log } from '@channelling/http'
import type { Database } from '@channelling/schema'
import { createOutcomes } from './outcomes'
import type { Answer, Receivers } from './receivers'
import { afterFailure } from './rules/retry'
import { mayBegin, OF_ONE_MAX } from './rules/slots'
import { signedHeaders } from './sign'
import type { Outcome } from './store/outcomes'
import { secretsOf } from './store/webhooks'
import { type ActiveWebhook, type DueDelivery, dueDeliveries } from './store/work'

export interface AttemptsOptions {
  database: Database
  clock: () => Instant
  log: Log
  receivers: Receivers
  /** From 0 up to 1, drawn for each wait. */
  chance: () => number
  /** Told whenever an attempt is over and it is written down what came of it. */
  onDone: () => void
}

/** How long what is under way has to end by itself when there is to be no more. */
const ENDING_MS_MAX = 400

/** Delivers what is due: of each session one at a time, and of no webhook so many that others would wait for it. */
export function createAttempts({ database, clock, log, receivers, chance, onDone }: AttemptsOptions) {
  const ending = new AbortController()
  /** The sessions with an attempt under way, by webhook. */
  const lanes = new Map<number, { sessions: Set<number>; failing: boolean }>()
  /** Until when a receiver asked to be left alone. */
  const held = new Map<number, Instant>()
  const attempts = new Set<Promise<void>>()
  const outcomes = createOutcomes({ database, log })

  function underWay() {
    const all = [...lanes.values()]
    const count = (among: typeof all) => among.reduce((sum, { sessions }) => sum + sessions.size, 0)
    return { ofAll: count(all), ofFailing: count(all.filter(({ failing }) => failing)) }
  }

  async function attempt(delivery: DueDelivery, webhook: ActiveWebhook): Promise<void> {
    const lane = lanes.getOrInsertComputed(webhook.id, () => ({ sessions: new Set<number>(), failing: false }))
    lane.failing = webhook.failingSince !== null
    lane.sessions.add(delivery.sessionId)
    try {
      const answer = await send(delivery, webhook.url)
      if (!answer) return
      lane.failing = answer.failure !== null
      await outcomes.save(outcomeOf(delivery, webhook, answer))
    } catch (error) {
      if (!ending.signal.aborted) log.error(described(error), 'a delivery could not be tried; trying again')
    } finally {
      lane.sessions.delete(delivery.sessionId)
      if (lane.sessions.size === 0) lanes.delete(webhook.id)
      onDone()
    }
  }

  /** Null where the webhook is gone. */
  async function send({ webhookId, messageId, message: body }: DueDelivery, url: string): Promise<Answer | null> {
    const secrets = await secretsOf(database, webhookId, clock())
    if (secrets.length === 0) return null
    return receivers.send({ url, headers: signedHeaders({ messageId, body }, secrets), body }, ending.signal)
  }

  function outcomeOf(delivery: DueDelivery, webhook: ActiveWebhook, answer: Answer): Outcome {
    const at = clock()
    const tried = { delivery, url: webhook.url, answer, at }
    if (answer.failure === null) return { ...tried, consequence: null }
    const consequence = afterFailure({
      at,
      httpStatus: answer.httpStatus,
      retryAfterMs: answer.retryAfterMs,
      failures: delivery.failures + 1,
      failingSince: delivery.failingSince ?? at,
      webhookFailingSince: webhook.failingSince ?? at,
      chance: chance(),
    })
    if (consequence.kind === 'hold') held.set(webhook.id, Math.max(held.get(webhook.id) ?? 0, consequence.at))
    if (consequence.kind === 'pause') {
      log.warn({ clientId: webhook.clientId }, 'a webhook is paused, since nothing arrives at its receiver')
    }
    return { ...tried, consequence }
  }

  return {
    /** Begins what is due, as far as there is room. */
    async begin(webhooks: readonly ActiveWebhook[]): Promise<void> {
      const now = clock()
      const byId = new Map(webhooks.map((webhook) => [webhook.id, webhook]))
      for (const [id, until] of held) if (until <= now || !byId.has(id)) held.delete(id)
      const ready = [...byId.keys()].filter((id) => !held.has(id))
      // those under way are due as well, until it is written down what came of them, which may be while this is read
      const before = new Map([...lanes].map(([id, { sessions }]) => [id, new Set(sessions)]))
      for (const delivery of await dueDeliveries(database, ready, now, 2 * OF_ONE_MAX)) {
        if (ending.signal.aborted) return
        const webhook = byId.get(delivery.webhookId)!
        const own = lanes.get(webhook.id)?.sessions
        if (own?.has(delivery.sessionId) || before.get(webhook.id)?.has(delivery.sessionId)) continue
        if (!mayBegin({ own: own?.size ?? 0, ...underWay() }, webhook.failingSince !== null)) continue
        const begun = attempt(delivery, webhook).finally(() => attempts.delete(begun))
        attempts.add(begun)
      }
    },
    underWay: () => underWay().ofAll,
    /** Lets what is under way end, for a moment; the rest is sent again later, by whoever delivers then. */
    async close(): Promise<void> {
      const timer = setTimeout(() => ending.abort(), ENDING_MS_MAX)
      await Promise.all(attempts)
      clearTimeout(timer)
      await outcomes.close()
    },
  }
}
