import { type Caller, Refusal } from '@channelling/contract'
import { accepts } from '@channelling/http'
import { passOn } from '../upstreams'
import { count, type Places } from './places'

/** When whoever has as many as may wait does well to try again. */
const TRY_AGAIN_SECONDS = 5

export interface WaitingOptions {
  /** A request that waits holds what a socket holds, and counts beside those of its key. */
  places: Places
  /** How many may wait at a time, all together; any number by default. */
  atOnceMax?: number
}

/** The requests that wait for something to happen, or are answered without an end. */
export interface Waiting {
  /**
   * Lets one more wait. @returns what says that it is over
   * @throws Refusal `rate_limited` where its key, address or client has its share; `overloaded` where there is no place at all
   */
  begin(caller: Caller, address: string): () => void
}

/** Where places are few, nobody takes more of them than are left: one client has half of them, and whoever comes next still finds some. */
export function createWaiting({ places, atOnceMax = Number.POSITIVE_INFINITY }: WaitingOptions): Waiting {
  const byClient = new Map<number, number>()
  let free = atOnceMax
  return {
    begin(caller, address) {
      if (free === 0) throw refusal('overloaded', 'Too many requests wait for something to happen')
      if ((byClient.get(caller.clientId) ?? 0) >= free) throw tooMany('this client')
      if (places.isFullFor(caller)) throw tooMany('this key')
      if (places.isFullAt(address)) throw tooMany('this address')
      free--
      const ends = [places.take({ caller, address }), count(byClient, caller.clientId), () => void free++]
      return () => {
        for (const end of ends.splice(0)) end()
      }
    },
  }
}

/** Whether a request, of those that may wait, asks to. */
export const asksToWait = (query: string, accept: string | undefined): boolean =>
  new URLSearchParams(query).has('wait') || accepts(accept, 'text/event-stream')

/** An answer to a request that waited; one that does not end is over when it does, or is read no more. */
export function untilOver(response: Response, over: () => void): Response {
  if (response.body && response.headers.get('content-type')?.startsWith('text/event-stream')) {
    return passOn(response, over)
  }
  over()
  return response
}

const tooMany = (whose: string) => refusal('rate_limited', `As many requests of ${whose} wait as may`)

const refusal = (reason: 'rate_limited' | 'overloaded', message: string) =>
  new Refusal(reason, message, { retryAfterSeconds: TRY_AGAIN_SECONDS })
