import { Refusal } from '@channelling/contract'
import { refuse } from '@channelling/http'
import { createCors } from './cors'

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

/** What is seen to before a request goes anywhere: that it says where it goes, and what pages of other origins may read. */
export function createDoor(corsOrigins: readonly string[]) {
  const cors = corsOrigins.length > 0 ? createCors(corsOrigins) : undefined

  return ({ request, set }: Arriving): Response | undefined => {
    const preflight = cors?.(request, set.headers)
    if (!namesOneHost(request.headers)) {
      return refuse(new Refusal('invalid_request', 'The Host header must name one host'), crypto.randomUUID())
    }
    return preflight
  }
}
