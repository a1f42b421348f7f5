import type { Caller } from '@channelling/contract'
import { vouchFor } from '@channelling/http'

/**
 * Where a service's requests go: its own `fetch` when it runs in this process, HTTP when it runs elsewhere. The request is
 * complete: the gateway built its URL, headers and body. Who calls is said in the way that the place of the service asks for.
 * @param waits whether the answer may wait for something to happen, or not end
 */
export type Upstream = (request: Request, caller?: Caller, waits?: boolean) => Promise<Response>

/** A service that the gateway stands in front of. */
export interface Service {
  name: string
  send: Upstream
  /** Whether it is in other processes, which may be away for a while. */
  elsewhere?: true
}

/** The origin that requests to services carry; services look at the path alone. */
export const INTERNAL_ORIGIN = 'http://localhost'

/** A service in this process. */
export const embedded = (name: string, app: { fetch(request: Request): Response | Promise<Response> }): Service => ({
  name,
  send: async (request, caller) => {
    if (caller) vouchFor(request, caller)
    return app.fetch(request)
  },
})
