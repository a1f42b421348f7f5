/** What a browser may send from a page of another origin, besides what every page may. */
const requestHeaders = [
  'Finance',
  'Authorization',
  'Content-Type',
  'Idempotency-Key',
  'If-None-Match',
  'Last-Event-ID',
  'traceparent',
]

/** What such a page may read of an answer, besides the body. */
const responseHeaders = [
  'Allow',
  'ETag',
  'Idempotent-Replay',
  'Location',
  'RateLimit-Limit',
  'RateLimit-Remaining',
  'RateLimit-Reset',
  'Retry-After',
  'X-Request-Id',
]

const methods = ['GET', 'HEAD', 'POST', 'PUT', 'DELETE']

/** How long a browser need not ask again. */
const PREFLIGHT_SECONDS = 3600

const exposed = { 'access-control-expose-headers': responseHeaders.join(', ') }

const permitted = {
  'access-control-allow-methods': methods.join(', '),
  'access-control-allow-headers': requestHeaders.join(', '),
  'access-control-max-age': String(PREFLIGHT_SECONDS),
}

/**
 * Lets pages of the origins named read answers, refusals too. The key stays what opens a door: there are no cookies, and no credentials
 * that a browser would send by itself.
 */
export function createCors(origins: readonly string[]) {
  const any = origins.includes('*')
  const among = new Set(origins)
  const allowed = ({ headers }: Request) => {
    const origin = headers.get('origin')
    if (origin === null) return undefined
    return any ? '*' : among.has(origin) ? origin : undefined
  }

  /** Whether a browser asks beforehand, on behalf of such a page. It sends no key, and what `tell` says is its whole answer. */
  const isPreflight = (request: Request): boolean =>
    request.method === 'OPTIONS' &&
    request.headers.has('access-control-request-method') &&
    allowed(request) !== undefined

  return {
    isPreflight,
    /** Says in the headers of an answer who may read it. */
    tell(request: Request, headers: Headers): void {
      // what is kept for a page of one origin is no answer for one of another
      if (!any) headers.append('vary', 'Origin')
      const origin = allowed(request)
      if (origin === undefined) return
      headers.set('access-control-allow-origin', origin)
      const more = isPreflight(request) ? permitted : exposed
      for (const [name, value] of Object.entries(more)) headers.set(name, value)
    },
  }
}
