import { literalAddress } from './rules/receiver-url'
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

/** What a receiver answered. */
export interface Answered {
  httpStatus: number
  /** Null for 2xx. */
  failure: Failure | null
  /** What it asks for by `Retry-After`. */
  retryAfterMs: number | null
}

/** Of an answer only the status counts; so much of its body is taken, for so long, for the sake of the receiver's log. */
const BODY_BYTES_MAX = 4096
const BODY_MS_MAX = 1000

/**
 * Posts to the very address that was judged, so that the name cannot mean another one by then; the certificate still has to be the
 * name's. The connection is used once: on a kept one `fetch` may send again by itself.
 */
export async function post(
  url: URL,
  address: string,
  headers: Record<string, string>,
  body: string,
  until: AbortSignal,
): Promise<Answered> {
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

/** Why there was no answer, as far as what was thrown tells. */
export function failureOf(error: unknown): Failure {
  const { name, code } = (error ?? {}) as { name?: string; code?: unknown }
  if (name === 'TimeoutError') return 'timeout'
  const said = String(code ?? '')
  if (/^(ConnectionRefused|ECONNREFUSED|FailedToOpenSocket|E(NET|HOST)UNREACH)$/.test(said)) return 'connection_refused'
  return /CERT|TLS|SSL|SELF_SIGNED|VERIFY|ISSUER/.test(said) ? 'tls' : 'no_answer'
}
