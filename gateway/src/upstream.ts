import type { Caller } from '@channelling/contract'
import { vouchFor } from '@channelling/http'

/** A request as a service is sent it: the gateway built all of it. */
export interface Outgoing {
  /** With its query. */
  target: string
  /** GET where there is none. */
  method?: string
  /** By their names in lower case. */
  headers?: Record<string, string>
  body?: string
}

/**
 * Where a service's requests go: its own `fetch` when it runs in this process, HTTP when it runs elsewhere. Who calls is said in the
 * way that the place of the service asks for.
 * @param waits whether it asks for an answer that waits for something to happen, or does not end
 */
export type Upstream = (outgoing: Outgoing, caller?: Caller, waits?: boolean) => Promise<Response>

/** A service that the gateway stands in front of. */
export interface Service {
  name: string
  send: Upstream
  /** Whether it is in other processes, which may be away for a while. */
  elsewhere?: true
  /** Whether it notes from which address it is asked. */
  notesOrigin?: true
}

/** The origin that requests to services of this process carry; they look at the path alone. */
const INTERNAL_ORIGIN = 'http://localhost'

/** Headers set one by one cost half of what they cost as options, and a small request is made of little else. */
function requestOf({ target, method = 'GET', headers = {}, body }: Outgoing): Request {
  const url = `${INTERNAL_ORIGIN}${target}`
  const request = method === 'GET' ? new Request(url) : new Request(url, { method, body })
  for (const name in headers) request.headers.set(name, headers[name]!)
  return request
}

/** A service in this process. */
export const embedded = (
  name: string,
  app: { fetch(request: Request): Response | Promise<Response> },
  more: Pick<Service, 'notesOrigin'> = {},
): Service => ({
  ...more,
  name,
  send: async (outgoing, caller) => {
    const request = requestOf(outgoing)
    if (caller) vouchFor(request, caller)
    return app.fetch(request)
  },
})
