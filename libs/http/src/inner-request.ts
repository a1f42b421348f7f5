/** The origin that requests to a service carry, where they came by no listener of its own; services look at the path alone. */
const INNER_ORIGIN = 'http://localhost'

export interface InnerRequest {
  /** With its query. */
  target: string
  /** GET where there is none. */
  method?: string
  /** By their names in lower case. */
  headers?: Record<string, string>
  body?: string
}

/** A request as a service is handed it. Headers set one by one cost half of what they cost as options, and a small request is made of little else. */
export function innerRequest({ target, method = 'GET', headers = {}, body }: InnerRequest): Request {
  const url = `${INNER_ORIGIN}${target}`
  const request = method === 'GET' ? new Request(url) : new Request(url, { method, body })
  for (const name in headers) request.headers.set(name, headers[name]!)
  return request
}
