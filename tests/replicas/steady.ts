import type { Server } from '../support/server'

/** An answer that was no booking, or a request that got none. */
export interface Failure {
  at: number
  /** null: no answer at all. */
  status: number | null
  reason: string
}

/** A booking as it was acknowledged. */
export interface Acknowledged {
  id: number
  sessionId: number
  number: number
}

/** Bookings at a steady rate, each with an Idempotency-Key of its own, asked for again until it is acknowledged. */
export interface Steady {
  asked(): number
  /** By key. */
  acknowledged: Map<string, Acknowledged>
  failures: Failure[]
  /** Asks for so many in addition, all at once. */
  crowd(count: number): void
  /** Resolves once so many more are acknowledged. */
  more(count: number): Promise<void>
  /** Asks for no new ones, and waits until every one that was asked for is acknowledged. */
  finish(): Promise<void>
}

export interface SteadyGiven {
  perSecond: number
  /** There are sessions 1 to this. */
  sessions: number
  /** The gateways, asked in turn; the next one where one does not answer. */
  servers: readonly Pick<Server, 'url' | 'key'>[]
  /** False: nothing carries a key, so that nobody on the way may send it a second time. */
  keyed?: boolean
}

const EVERY_MS = 20
const ASK_AGAIN_MS_MAX = 300
const GIVE_UP_MS = 30_000

export function bookSteadily({ perSecond, sessions, servers, keyed = true }: SteadyGiven): Steady {
  const acknowledged = new Map<string, Acknowledged>()
  const failures: Failure[] = []
  const underWay = new Set<Promise<void>>()
  let asked = 0

  async function ask(turn: number, key: string): Promise<Acknowledged | null> {
    const { url, key: finance } = servers[turn % servers.length]!
    const sessionInstanceId = 1 + (turn % sessions)
    try {
      const answer = await fetch(`${url}/api/channel/bookings`, {
        method: 'POST',
        headers: { finance, 'content-type': 'application/json', ...(keyed && { 'idempotency-key': key }) },
        body: JSON.stringify({ sessionInstanceId, patientId: 1 }),
      })
      const { data, reason } = (await answer.json()) as { data: Acknowledged; reason: string }
      if (answer.status === 201) return data
      failures.push({ at: performance.now(), status: answer.status, reason })
    } catch (error) {
      failures.push({ at: performance.now(), status: null, reason: String((error as { code?: unknown }).code) })
    }
    return null
  }

  async function book(turn: number): Promise<void> {
    const key = `steady-${turn}`
    const latest = performance.now() + GIVE_UP_MS
    for (;;) {
      const booking = await ask(turn, key)
      if (booking) return void acknowledged.set(key, booking)
      if (performance.now() > latest)
        throw new Error(`${key} was never acknowledged: ${JSON.stringify(failures.at(-1))}`)
      await Bun.sleep(Math.random() * ASK_AGAIN_MS_MAX)
    }
  }

  function begin(): void {
    const booking = book(asked++).finally(() => underWay.delete(booking))
    underWay.add(booking)
  }

  const began = performance.now()
  let onTime = 0
  const timer = setInterval(() => {
    const due = Math.floor(((performance.now() - began) / 1000) * perSecond)
    for (; onTime < due; onTime++) begin()
  }, EVERY_MS)

  return {
    asked: () => asked,
    acknowledged,
    failures,
    crowd(count) {
      for (let one = 0; one < count; one++) begin()
    },
    async more(count) {
      const wanted = acknowledged.size + count
      const latest = performance.now() + GIVE_UP_MS
      while (acknowledged.size < wanted) {
        if (performance.now() > latest)
          throw new Error(`No booking for a long time: ${JSON.stringify(failures.at(-1))}`)
        await Bun.sleep(5)
      }
    },
    async finish() {
      clearInterval(timer)
      await Promise.all(underWay)
    },
  }
}
