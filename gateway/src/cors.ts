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

const preflight = {
  'access-control-allow-methods': methods.join(', '),
  'access-control-allow-headers': requestHeaders.join(', '),
  'access-control-max-age': String(PREFLIGHT_SECONDS),
}

/** Whether a browser asks beforehand, on behalf of a page of another origin. */
const isPreflight = ({ method, headers }: Request) =>
  method === 'OPTIONS' && headers.has('origin') && headers.has('access-control-request-method')

/**
 * Lets pages of the origins named read answers, refusals too: puts the headers that say so among those of the answer. The key stays
 * what opens a door: there are no cookies, and no credentials that a browser would send by itself.
 * @returns the whole answer to a browser that asks beforehand, which sends no key
 */
export function createCors(origins: readonly string[]) {
  const any = origins.includes('*')
  const among = new Set(origins)

  return (request: Request, headers: Record<string, string | number>): Response | undefined => {
    const origin = request.headers.get('origin')
    // what is kept for a page of one origin is no answer for one of another
    if (!any) headers.vary = 'Origin'
    if (origin === null || !(any || among.has(origin))) return
    headers['access-control-allow-origin'] = any ? '*' : origin
    if (isPreflight(request)) return new Response(null, { status: 204, headers: preflight })
    Object.assign(headers, exposed)
  }
}
