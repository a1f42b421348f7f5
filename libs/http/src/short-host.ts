/** Where in a URL Elysia begins to look for the path: it takes a host to have four letters at least, or a port. */
const PATH_START_MIN = 11

/**
 * Says the port in the URL of a request whose host is so short (`http://his/api`) that Elysia would take its path to begin a segment too
 * late. It stays the very object that the listener made, which alone can become a socket and tells where it came from.
 */
export function spellShortHost(request: Request): Request {
  const { url } = request
  const start = url.indexOf('/', 8)
  if (start === -1 || start >= PATH_START_MIN) return request
  const port = url.startsWith('https:') ? 443 : 80
  return Object.defineProperty(request, 'url', { value: `${url.slice(0, start)}:${port}${url.slice(start)}` })
}
