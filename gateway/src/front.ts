import { invalidField, type Reason, Refusal } from '@channelling/contract'
import {
  KEPT_BY_NOBODY,
  type Log,
  pathOf,
  REASON_HEADER,
  REQUEST_ID_HEADER,
  refusalOf,
  refuse,
  requireScope,
} from '@channelling/http'
import { METRICS_PATH } from '@channelling/metrics'
import { ORIGIN_HEADER } from './administration'
import type { Authenticate } from './authentication'
import { readBody } from './body'
import type { Directory } from './directory'
import type { RateLimiter } from './limits/rate-limit'
import { asksToWait, untilOver, type Waiting } from './limits/waiting'
import { type Observer, reasonNamed, type Seen, TRACEPARENT_HEADER } from './observation'
import type { Service } from './upstream'

/** The only headers of a caller that reach a service. */
const passedOn = ['accept', 'content-type', 'idempotency-key', 'if-none-match', 'last-event-id'] as const

export interface FrontOptions {
  /** `''`, or `/channelling`. */
  contextRoot: string
  /** Whether the gateway itself answers at a path, to GET; with the root. */
  isOwn: (path: string) => boolean
  /** The address a request came from. */
  addressOf: (request: Request) => string
  authenticate: Authenticate
  rateLimiter: RateLimiter
  waiting: Waiting
  /** What is known of the services at present. */
  directory: () => Directory
  observer: Observer
  log: Log
}

/**
 * The front door: who calls, may they, and where does it go. Whatever a service is sent was built here; nothing of the caller's
 * passes unseen.
 */
export function createFront(options: FrontOptions): (request: Request) => Promise<Response> {
  const { contextRoot, isOwn, addressOf, authenticate, rateLimiter, waiting, directory, observer, log } = options

  async function answer(request: Request, seen: Seen): Promise<Response> {
    const { url, headers, method } = request
    const whole = pathOf(url)
    if (isOwn(whole)) throw new Refusal('method_not_allowed', 'This path takes GET', { allow: ['GET'] })
    const path = whole.startsWith(`${contextRoot}/`) ? whole.slice(contextRoot.length) : ''
    if (!path.startsWith('/api/') && path !== METRICS_PATH) {
      throw new Refusal('no_such_path', 'There is nothing at this path')
    }
    const address = () => addressOf(request)
    const caller = await authenticate(headers, address)
    seen.caller = caller
    const quota = rateLimiter.quotaOf(caller, method)
    seen.quota = quota
    quota?.take()
    const route = directory().find(method, path)
    seen.route = route
    requireScope(caller, route.scope)
    const query = url.indexOf('?')
    if (query !== -1 && !route.takes.query) requireEmptyQuery(url.slice(query))
    const sent = await readBody(request)
    const body = route.takes.body ? sent : requireEmptyBody(sent)
    const outgoing = {
      target: query === -1 ? path : `${path}${url.slice(query)}`,
      method: method === 'HEAD' ? 'GET' : method,
      headers: headersFor(request, seen, route.service, address),
      body,
    }
    if (!route.waits || !asksToWait(query === -1 ? '' : url.slice(query), outgoing.headers.accept)) {
      return route.service.send(outgoing, caller)
    }
    const over = waiting.begin(caller, address())
    try {
      return untilOver(await route.service.send(outgoing, caller, true), over)
    } catch (error) {
      over()
      throw error
    }
  }

  /** The service's answer, as the caller knows the address, and as what is between them may keep it. */
  function finish(response: Response, requestId: string): Response {
    const { headers } = response
    headers.set(REQUEST_ID_HEADER, requestId)
    if (!headers.has('cache-control')) headers.set('cache-control', KEPT_BY_NOBODY)
    const location = contextRoot && headers.get('location')
    if (location?.startsWith('/')) headers.set('location', `${contextRoot}${location}`)
    return response
  }

  return async (request) => {
    const seen = observer.begin(request)
    let response: Response
    let reason: Reason | undefined
    try {
      response = finish(await answer(request, seen), seen.requestId)
      if (response.status >= 400) reason = takeReason(response)
    } catch (error) {
      const refusal = refusalOf(error, log, seen.requestId)
      reason = refusal.reason
      response = refuse(refusal, seen.requestId)
    }
    seen.quota?.tell(response.headers)
    observer.end(seen, response.status, reason)
    return response
  }
}

/** A service leaves alone what it does not ask for, and a `?hold=true` in the wrong place would pass in silence. */
function requireEmptyQuery(query: string): void {
  if (new URLSearchParams(query).size === 0) return
  throw invalidField('query', 'has a parameter that this operation does not know')
}

/** Many a client sends `{}`, or null, wherever there could be a body. */
function requireEmptyBody(body: string | undefined): undefined {
  if (body === undefined || /^\s*(?:\{\s*\}|null)?\s*$/.test(body)) return
  throw invalidField('body', 'must be empty: this operation takes nothing in it')
}

/** The reason that a service gave, which is for the gateway alone. */
function takeReason({ headers }: Response): Reason | undefined {
  const reason = reasonNamed(headers.get(REASON_HEADER))
  headers.delete(REASON_HEADER)
  return reason
}

function headersFor(
  { headers, method }: Request,
  seen: Seen,
  service: Service,
  address: () => string,
): Record<string, string> {
  const built: Record<string, string> = { [REQUEST_ID_HEADER]: seen.requestId }
  // in this process everything is a part of one span
  if (service.elsewhere) built[TRACEPARENT_HEADER] = seen.trace.toParent()
  for (const name of passedOn) {
    const value = headers.get(name)
    // HEAD asks for the head of an answer that ends
    if (value !== null && !(name === 'accept' && method === 'HEAD')) built[name] = value
  }
  if (service.notesOrigin && method !== 'GET') built[ORIGIN_HEADER] = address()
  return built
}
