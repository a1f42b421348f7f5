import { lookup } from 'node:dns/promises'
import { type Failure, failureOf, post } from './post'
import { addressKind, mayReach } from './rules/address'
import { literalAddress, type OwnNetworks, receiverUrl, unreachable } from './rules/receiver-url'

/** What came of one attempt. */
export interface Answer {
  /** Null where there was no answer. */
  httpStatus: number | null
  /** Null where it arrived. */
  failure: Failure | null
  durationMs: number
  /** What the receiver asks for by `Retry-After`. */
  retryAfterMs: number | null
}

export interface Message {
  url: string
  headers: Record<string, string>
  body: string
  timeoutMs?: number
}

/** The way to those who are told by webhook. */
export interface Receivers {
  /**
   * Judges a URL before it is kept. A name that nobody knows yet is let pass: its addresses are judged at every attempt.
   * @throws Refusal `invalid_request` naming `path`
   */
  judge(url: string, path: string): Promise<void>
  /**
   * Sends one message, once.
   * @throws the reason of `signal` when that ends it; nothing else
   */
  send(message: Message, signal?: AbortSignal): Promise<Answer>
}

export interface ReceiversOptions {
  ownNetworks: OwnNetworks
  /** Every address of a name; none where nobody knows it. */
  resolve?: (name: string) => Promise<string[]>
}

/** How long an attempt may take in all, from the name to the answer. */
export const ATTEMPT_MS_MAX = 15_000
/** How long a name may take while somebody waits to have it judged. */
const JUDGING_MS_MAX = 2000
/** Of a name with several addresses. */
const ADDRESSES_TRIED_MAX = 2

const addressesByName = async (name: string): Promise<string[]> => {
  const found = await lookup(name, { all: true }).catch(() => [])
  return found.map(({ address }) => address)
}

export function createReceivers({ ownNetworks, resolve = addressesByName }: ReceiversOptions): Receivers {
  const addressesOf = async (url: URL): Promise<string[]> => {
    const literal = literalAddress(url)
    return literal === null ? resolve(url.hostname) : [literal]
  }
  /** All of them have to be good: whoever mixes them decides by chance where we connect. Plain HTTP stays in networks of one's own. */
  const acceptable = (url: URL, addresses: readonly string[]) =>
    addresses.every((address) => {
      const kind = addressKind(address)
      return mayReach(kind, ownNetworks) && (url.protocol === 'https:' || kind === 'private')
    })

  async function attempt(
    { url: text, headers, body }: Message,
    until: AbortSignal,
  ): Promise<Omit<Answer, 'durationMs'>> {
    const failed = (failure: Failure) => ({ httpStatus: null, failure, retryAfterMs: null })
    const url = readable(text, ownNetworks)
    if (!url) return failed('address_refused')
    const addresses = await before(until, addressesOf(url))
    if (addresses.length === 0) return failed('name_not_found')
    if (!acceptable(url, addresses)) return failed('address_refused')
    let failure: Failure = 'no_answer'
    for (const address of addresses.slice(0, ADDRESSES_TRIED_MAX)) {
      try {
        return await post(url, address, headers, body, until)
      } catch (error) {
        failure = failureOf(error)
        if (failure !== 'connection_refused') break
      }
    }
    return failed(failure)
  }

  return {
    async judge(text, path) {
      const url = receiverUrl(text, ownNetworks, path)
      const addresses = await before(AbortSignal.timeout(JUDGING_MS_MAX), addressesOf(url)).catch(() => [])
      if (!acceptable(url, addresses)) throw unreachable(path)
    },
    async send(message, signal) {
      const began = performance.now()
      const timeout = AbortSignal.timeout(message.timeoutMs ?? ATTEMPT_MS_MAX)
      const until = signal ? AbortSignal.any([signal, timeout]) : timeout
      const answer = await attempt(message, until).catch((error) => ({
        httpStatus: null,
        failure: failureOf(error),
        retryAfterMs: null,
      }))
      signal?.throwIfAborted()
      const durationMs = Math.round(performance.now() - began)
      return {
        ...answer,
        ...(timeout.aborted && answer.failure !== null && { failure: 'timeout' as const }),
        durationMs,
      }
    },
  }
}

function readable(text: string, ownNetworks: OwnNetworks): URL | null {
  try {
    return receiverUrl(text, ownNetworks, 'url')
  } catch {
    return null
  }
}

/** What something comes to, unless the time is up before. */
function before<Result>(until: AbortSignal, doing: Promise<Result>): Promise<Result> {
  return new Promise((resolve, reject) => {
    const end = () => reject(until.reason)
    if (until.aborted) return end()
    until.addEventListener('abort', end, { once: true })
    doing.then(resolve, reject).finally(() => until.removeEventListener('abort', end))
  })
}
