import { Refusal } from '@channelling/contract'
import { REQUEST_ID_HEADER, refuse } from '@channelling/http'
import { createCors } from './cors'
import type { Observer } from './observation'

/** A name or an address, and perhaps a port. */
const host = /^(?:[\w.~-]+|\[[\da-f:.]+\])(?::\d{1,5})?$/i

/**
 * Whether a request names one host, and nothing but a host: with a path in it, or with two of them, who stands before the server and
 * the server itself could see different requests. The listener joins a repeated header with a comma.
 */
export const namesOneHost = (headers: Headers): boolean => host.test(headers.get('host') ?? '')

interface Arriving {
  request: Request
  /** Of the answer, whoever gives it. */
  set: { headers: Record<string, string | number> }
}

/**
 * What is seen to before a request goes anywhere: that it says where it goes, and what pages of other origins may read. What ends here
 * is counted as what goes further is.
 */
export function createDoor(corsOrigins: readonly string[], observer: Observer) {
  const cors = corsOrigins.length > 0 ? createCors(corsOrigins) : undefined

  return ({ request, set }: Arriving): Response | undefined => {
    const preflight = cors?.(request, set.headers)
    if (!namesOneHost(request.headers)) {
      const seen = observer.begin(request)
      const refusal = new Refusal('invalid_request', 'The Host header must name one host')
      const response = refuse(refusal, seen.requestId)
      observer.end(seen, response.status, refusal.reason)
      return response
    }
    if (!preflight) return
    const seen = observer.begin(request)
    preflight.headers.set(REQUEST_ID_HEADER, seen.requestId)
    observer.end(seen, preflight.status)
    return preflight
  }
}
