import { lookup } from 'node:dns/promises'
import { addressKind, mayReach } from './rules/address'
import { literalAddress, type OwnNetworks, receiverUrl, unreachable } from './rules/receiver-url'
import { retryAfterMs } from './rules/retry'

/** Why a message did not arrive. `status` is an answer other than 2xx, `redirect` one that points elsewhere. */
export const failures = [
  'status',
  'redirect',
  'timeout',
  'address_refused',
  'name_not_found',
  'connection_refused',
  'tls',
  'no_answer',
] as const
export type Failure = (typeof failures)[number]

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
/** Of an answer only the status counts; so much of its body is taken, for so long, for the sake of the receiver's log. */
const BODY_BYTES_MAX = 4096
const BODY_MS_MAX = 1000
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

/**
 * Posts to the very address that was judged, so that the name cannot mean another one by then; the certificate still has to be the
 * name's. The connection is used once: on a kept one `fetch` may send again by itself.
 */
async function post(
  url: URL,
  address: string,
  headers: Record<string, string>,
  body: string,
  until: AbortSignal,
): Promise<Omit<Answer, 'durationMs'>> {
  const target = new URL(url)
  target.hostname = address.includes(':') ? `[${address}]` : address
  const done = new AbortController()
  try {
    const response = await fetch(target, {
      method: 'POST',
      headers: { ...headers, host: url.host },
      body,
      redirect: 'manual',
      keepalive: false,
      decompress: false,
      signal: AbortSignal.any([until, done.signal]),
      ...(literalAddress(url) === null && { tls: { serverName: url.hostname } }),
    } as BunFetchRequestInit)
    await takeSome(response)
    const { status } = response
    const failure = response.ok ? null : status >= 300 && status < 400 ? 'redirect' : 'status'
    return { httpStatus: status, failure, retryAfterMs: retryAfterMs(response.headers.get('retry-after'), Date.now()) }
  } finally {
    done.abort()
  }
}

async function takeSome({ body }: Response): Promise<void> {
  if (!body) return
  const reader = body.getReader()
  const late = Bun.sleep(BODY_MS_MAX).then(() => null)
  let taken = 0
  while (taken < BODY_BYTES_MAX) {
    const chunk = await Promise.race([late, reader.read().catch(() => null)])
    if (!chunk || chunk.done) return
    taken += chunk.value.length
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

function failureOf(error: unknown): Failure {
  const { name, code } = (error ?? {}) as { name?: string; code?: unknown }
  if (name === 'TimeoutError') return 'timeout'
  const said = String(code ?? '')
  if (/^(ConnectionRefused|ECONNREFUSED|FailedToOpenSocket|E(NET|HOST)UNREACH)$/.test(said)) return 'connection_refused'
  return /CERT|TLS|SSL|SELF_SIGNED|VERIFY|ISSUER/.test(said) ? 'tls' : 'no_answer'
}
