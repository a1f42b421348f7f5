/**
 * Where a service's requests go: its own `fetch` when it runs in this process, HTTP when it runs elsewhere. The request is
 * complete: the gateway built its URL, headers and body.
 */
export type Upstream = (request: Request) => Promise<Response>

/** A service that the gateway stands in front of. */
export interface Service {
  name: string
  send: Upstream
}

/** The origin that requests to services carry; services look at the path alone. */
export const INTERNAL_ORIGIN = 'http://localhost'

/** A service in this process. */
export const embedded = (name: string, app: { fetch(request: Request): Response | Promise<Response> }): Service => ({
  name,
  send: async (request) => app.fetch(request),
})
