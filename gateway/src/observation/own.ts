import { REQUEST_ID_HEADER, reasonOf } from '@channelling/http'
import { Elysia } from 'elysia'
import { nowhere, type Observer, type Place, type Seen } from './observer'

/** Of a handshake that became a socket, which leaves no answer behind. */
const SWITCHING_PROTOCOLS = 101

/** What is known of a request while it is answered. */
export type SeenOf = (request: Request) => Seen

/** Says in the headers of an answer how the request is called, and how the quota of its key stands. */
export function tellOf({ requestId, quota }: Seen, headers: Headers): void {
  headers.set(REQUEST_ID_HEADER, requestId)
  quota?.tell(headers)
}

/** What the gateway answers by itself rather than by a service: the docs, health, the capabilities, and the handshakes of sockets. */
export function createOwn(observer: Observer, contextRoot: string) {
  const underWay = new WeakMap<Request, Seen>()
  const places = new Map<string, Place>()
  const seenOf: SeenOf = (request) => underWay.get(request)!

  function placeOf(route: string): Place {
    const template = route.slice(contextRoot.length)
    let place = places.get(template)
    if (!place) {
      place = { ...nowhere, template }
      places.set(template, place)
    }
    return place
  }

  return {
    /** How a request is called, if it is one of these or not. */
    requestIdOf: (request: Request): string => underWay.get(request)?.requestId ?? crypto.randomUUID(),
    /** Of a request that came to `observed`. */
    seenOf,
    /** Sees the requests of the application that uses it, and of no other. */
    observed: new Elysia({ name: 'observed' })
      .onBeforeHandle({ as: 'scoped' }, ({ request }) => {
        underWay.set(request, observer.begin(request))
      })
      .onAfterHandle({ as: 'scoped' }, ({ request, responseValue, set }) => {
        const seen = seenOf(request)
        // a whole answer stays the one it is: its file goes out as a file, and its reason is known by it
        if (responseValue instanceof Response) tellOf(seen, responseValue.headers)
        else set.headers[REQUEST_ID_HEADER] = seen.requestId
      })
      .onAfterResponse({ as: 'scoped' }, ({ request, route, responseValue, set }) => {
        const seen = underWay.get(request)
        if (!seen) return
        seen.route = placeOf(route)
        if (responseValue instanceof Response) observer.end(seen, responseValue.status, reasonOf(responseValue))
        else if (responseValue === undefined && set.status === 200) observer.end(seen, SWITCHING_PROTOCOLS)
        else observer.end(seen, Number(set.status ?? 200))
      }),
  }
}
