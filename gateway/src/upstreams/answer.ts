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
export const BODILESS = new Set([204, 205, 304])

/**
 * A service's answer, whole and as it came, without what belongs to the connection alone. It is read to its end first: one that
 * breaks off is none, rather than half of one.
 */
export async function answerOf(response: Response): Promise<Response> {
  const body = await response.bytes()
  const { status } = response
  return new Response(BODILESS.has(status) ? null : body, { status, headers: ownHeaders(response) })
}

/**
 * An answer that does not end, as it comes and no faster than it is read.
 * @param ended called when it ends after all, however it does
 */
export function passOn(response: Response, ended: () => void): Response {
  const reader = response.body!.getReader()
  const body = new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        try {
          const { done, value } = await reader.read()
          if (!done) return controller.enqueue(value)
          ended()
          controller.close()
        } catch (error) {
          ended()
          controller.error(error)
        }
      },
      cancel(reason) {
        ended()
        return reader.cancel(reason)
      },
    },
    { highWaterMark: 0 },
  )
  return new Response(body, { status: response.status, headers: ownHeaders(response) })
}

/** The headers of an answer, without what belongs to the connection alone. */
function ownHeaders({ headers }: Response): Headers {
  const named = headers.get('connection')
  if (named) for (const name of named.split(',')) if (/^[\w-]+$/.test(name.trim())) headers.delete(name.trim())
  for (const name of OF_THE_CONNECTION) headers.delete(name)
  return headers
}
