import type { Caller } from '@channelling/contract'
import { type InnerRequest, innerRequest, vouchFor } from '@channelling/http'

/** A request as a service is sent it: the gateway built all of it. */
export type Outgoing = InnerRequest

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

/** A service in this process. */
export const embedded = (
  name: string,
  app: { fetch(request: Request): Response | Promise<Response> },
  more: Pick<Service, 'notesOrigin'> = {},
): Service => ({
  ...more,
  name,
  send: async (outgoing, caller) => {
    const request = innerRequest(outgoing)
    if (caller) vouchFor(request, caller)
    return app.fetch(request)
  },
})
