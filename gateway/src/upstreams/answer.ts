/** Of the connection to the service, or said anew by whoever answers the caller. */
const OF_THE_CONNECTION = [
  'connection',
  'keep-alive',
  'proxy-authenticate',
  'proxy-authorization',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
  'content-length',
  'date',
] as const

/** Answers that have no body, by the rules of HTTP. */
const BODILESS = new Set([204, 205, 304])

/**
 * A service's answer, whole and as it came, without what belongs to the connection alone. It is read to its end first: one that
 * breaks off is none, rather than half of one.
 */
export async function answerOf(response: Response): Promise<Response> {
  const body = await response.bytes()
  const { status, headers } = response
  const named = headers.get('connection')
  if (named) for (const name of named.split(',')) if (/^[\w-]+$/.test(name.trim())) headers.delete(name.trim())
  for (const name of OF_THE_CONNECTION) headers.delete(name)
  return new Response(BODILESS.has(status) ? null : body, { status, headers })
}
