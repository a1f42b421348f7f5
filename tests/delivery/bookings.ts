import { setTimeout as until } from 'node:timers/promises'
import type { Server } from '../support/server'

/** Bookings that go on whatever becomes of the server. */
export interface Bookings {
  /** How many were acknowledged. */
  made(): number
  /** Asks for no more. */
  stop(): void
  /** Resolves when the last is. */
  done: Promise<void>
}

export interface BookingsGiven {
  count: number
  perSecond: number
  /** There are sessions 1 to this. */
  sessions: number
  acknowledged?: (bookingId: number) => void
}

/** How often bookings are asked for, all of that moment together. */
const EVERY_MS = 20

/** Books places in all sessions in turn, at a steady rate; what fails is asked for again. */
export function bookSteadily(server: Server, { count, perSecond, sessions, acknowledged }: BookingsGiven): Bookings {
  let made = 0
  let going = true
  async function book(turn: number): Promise<void> {
    const body = { sessionInstanceId: 1 + (turn % sessions), patientId: 1 }
    let id: number | null = null
    while (id === null && going) {
      id = await bookOnce(server, body)
      if (id === null) await until(EVERY_MS)
    }
    if (id === null) return
    made++
    acknowledged?.(id)
  }
  async function all(): Promise<void> {
    const atOnce = Math.ceil((perSecond * EVERY_MS) / 1000)
    const began = performance.now()
    for (let turn = 0; turn < count && going; turn += atOnce) {
      await Promise.all(Array.from({ length: Math.min(atOnce, count - turn) }, (_, index) => book(turn + index)))
      const early = ((turn + atOnce) / perSecond) * 1000 - (performance.now() - began)
      if (early > 0) await until(early)
    }
  }
  return {
    made: () => made,
    stop() {
      going = false
    },
    done: all(),
  }
}

/** Books one place. @returns the id of the booking, null when the server is not there to give one */
export async function bookOnce(server: Server, body: object): Promise<number | null> {
  try {
    const response = await fetch(`${server.url}/api/channel/bookings`, {
      method: 'POST',
      headers: { finance: server.key, 'content-type': 'application/json' },
      body: JSON.stringify(body),
    })
    const answer = (await response.json()) as { data: { id: number } }
    if (response.status === 201) return answer.data.id
    if (response.status === 503) return null
    throw new Refused(`A booking was answered with ${response.status}`)
  } catch (error) {
    if (error instanceof Refused) throw error
    return null
  }
}

class Refused extends Error {}
