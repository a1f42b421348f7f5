import { Refusal } from '@channelling/contract'
import { REQUEST_ID_HEADER, refuse } from '@channelling/http'
import { createCors } from './cors'
import type { Leaving } from './leaving'
import type { Observer } from './observation'

/** A name or an address, and perhaps a port. */
const host = /^(?:[\w.~-]+|\[[\da-f:.]+\])(?::\d{1,5})?$/i

/**
 * Whether a request names one host, and nothing but a host: with a path in it, or with two of them, who stands before the server and
 * the server itself could see different requests. The listener joins a repeated header with a comma.
 */
export const namesOneHost = (headers: Headers): boolean => host.test(headers.get('host') ?? '')

/** What answers a request that was let in; a socket that was opened has no answer. */
export type Answer = (request: Request) => Response | undefined | Promise<Response | undefined>

const wrongHost = () => new Refusal('invalid_request', 'The Host header must name one host')

export interface DoorOptions {
  /** Of the web pages that may call from a browser. */
  corsOrigins: readonly string[]
  observer: Observer
  leaving: Pick<Leaving, 'refusalOf'>
}

/**
 * What is seen to before a request goes anywhere: that it says where it goes, that it can still be answered, and what pages of other origins may read. What ends here
 * is counted as what goes further is.
 */
export function createDoor({ corsOrigins, observer, leaving }: DoorOptions) {
  function turnAway(request: Request, refusal: Refusal): Response {
    const seen = observer.begin(request)
    const response = refuse(refusal, seen.requestId)
    observer.end(seen, response.status, refusal.reason)
    return response
  }

  function letAsk(request: Request): Response {
    const seen = observer.begin(request)
    const response = new Response(null, { status: 204, headers: { [REQUEST_ID_HEADER]: seen.requestId } })
    observer.end(seen, response.status)
    return response
  }

  function letIn(request: Request, answer: Answer) {
    if (!namesOneHost(request.headers)) return turnAway(request, wrongHost())
    const refusal = leaving.refusalOf(request)
    return refusal ? turnAway(request, refusal) : answer(request)
  }
  if (corsOrigins.length === 0) return letIn
  const cors = createCors(corsOrigins)

  return async (request: Request, answer: Answer): Promise<Response | undefined> => {
    const response = await letIn(request, cors.isPreflight(request) ? letAsk : answer)
    if (response) cors.tell(request, response.headers)
    return response
  }
}
