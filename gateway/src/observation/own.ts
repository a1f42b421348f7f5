import { reasonOf } from '@channelling/http'
import { Elysia } from 'elysia'
import { nowhere, type Observer, type Place, type Seen } from './observer'

/** Of a handshake that became a socket, which leaves no answer behind. */
const SWITCHING_PROTOCOLS = 101

/** What the gateway answers by itself rather than by a service: the docs, health, the capabilities, and the handshakes of sockets. */
export function createOwn(observer: Observer, contextRoot: string) {
  const underWay = new WeakMap<Request, Seen>()
  const places = new Map<string, Place>()

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
    /** How such a request is called. */
    requestIdOf: (request: Request): string => underWay.get(request)?.requestId ?? crypto.randomUUID(),
    /** Sees the requests of the application that uses it, and of no other. */
    observed: new Elysia({ name: 'observed' })
      .onBeforeHandle({ as: 'scoped' }, ({ request }) => {
        underWay.set(request, observer.begin(request))
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
