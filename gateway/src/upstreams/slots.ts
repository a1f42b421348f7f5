import { Refusal } from '@channelling/contract'
import { Unanswered } from './unanswered'

/** Requests that may wait for their turn; beyond it a caller does better to try again. */
const WAITING_MAX = 4096

interface Waiting {
  /** The instant after which nobody wants it any more, as `performance.now()` tells it. */
  until: number
  resolve(): void
  reject(error: Unanswered): void
}

/** So many requests at a time; the others wait in the order of their arrival. */
export function createSlots(size: number) {
  let sizeNow = size
  /** Below none after there were more. */
  let free = size
  let waiting: Waiting[] = []

  /** Gives what is free to those who wait. */
  function hand(): void {
    while (free > 0 && waiting.length > 0) {
      free--
      waiting.shift()!.resolve()
    }
  }

  return {
    /** Whether there is one at once; whoever takes it gives it back. */
    tryTake: () => free > 0 && free-- > 0,
    /** @throws Refusal `overloaded`, or Unanswered where the turn does not come */
    take(until: number): Promise<void> {
      if (waiting.length >= WAITING_MAX) {
        throw new Refusal('overloaded', 'Too many requests are waiting', { retryAfterSeconds: 1 })
      }
      return new Promise((resolve, reject) => waiting.push({ until, resolve, reject }))
    },
    giveBack(): void {
      free++
      hand()
    },
    /** So many from now on. */
    resize(to: number): void {
      free += to - sizeNow
      sizeNow = to
      hand()
    },
    /** Sends away those who wait and match. */
    dismiss(isOver: (until: number) => boolean): void {
      if (waiting.length === 0) return
      const over = waiting.filter(({ until }) => isOver(until))
      waiting = waiting.filter(({ until }) => !isOver(until))
      for (const { reject } of over) reject(new Unanswered('not_begun'))
    },
  }
}
