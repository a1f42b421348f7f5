import { type Client, createClient } from '@libsql/client'

/** A server that has not answered by then is taken for one that will not. */
const ANSWER_MS_MAX = 10_000
/** For each byte that it is asked beside that: an import is one request too. */
const ANSWER_MS_A_BYTE = 0.002

export interface ServerClientOptions {
  /** How many requests may be under way. */
  concurrency?: number
  /** How long an answer may take. */
  answerMs?: number
}

/**
 * A client of a libSQL server, each of whose requests has a deadline. A server speaks HTTP and WebSocket on one port; a request over
 * HTTP needs no connection that lasts, so nothing has to be found broken and made anew after the server was away.
 */
export function serverClient(
  url: string,
  authToken: string | undefined,
  { concurrency, answerMs = ANSWER_MS_MAX }: ServerClientOptions = {},
): Client {
  async function withinTime(request: Request): Promise<Response> {
    const body = request.body ? await request.arrayBuffer() : undefined
    const ms = answerMs + (body?.byteLength ?? 0) * ANSWER_MS_A_BYTE
    const { method, headers } = request
    return fetch(request.url, { method, headers, body, signal: AbortSignal.timeout(ms) })
  }
  return createClient({ url: url.replace(/^ws/, 'http'), authToken, concurrency, fetch: withinTime })
}
