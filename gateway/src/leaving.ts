import { Refusal } from '@channelling/contract'
import { pathOf, READY_PATH } from '@channelling/http'

/** Whether this process is about to end, and what it refuses from then on. */
export interface Leaving {
  /** @param answer answers as before */
  begin(server: Bun.Server<unknown>, answer: (request: Request) => Response | Promise<Response>): void
  /** What a request is refused for; undefined where it is answered as ever. */
  refusalOf(request: Request): Refusal | undefined
}

/**
 * Once it begins the listener says with every answer that it leaves, and ends the connection with it, so that whoever keeps connections
 * makes the next one elsewhere; it is not ready any more, so that a balancer sends nobody new; and it opens no socket. Everything else is
 * answered as before.
 * @param contextRoot `''`, or `/channelling`
 */
export function createLeaving(contextRoot: string): Leaving {
  let begun = false
  const readiness = `${contextRoot}${READY_PATH}`
  const isReadiness = ({ url }: Request) => [readiness, `${readiness}/`].includes(pathOf(url))
  // a client may offer to go on in HTTP/2 with any request of its own
  const isSocket = ({ headers }: Request) => headers.get('upgrade')?.toLowerCase() === 'websocket'
  return {
    begin(server, answer) {
      begun = true
      server.reload({
        routes: {},
        async fetch(request: Request) {
          const response = await answer(request)
          response.headers.set('connection', 'close')
          return response
        },
      } as Parameters<typeof server.reload>[0])
    },
    refusalOf(request) {
      if (!begun || !(isSocket(request) || isReadiness(request))) return undefined
      return new Refusal('service_unavailable', 'The process is leaving', { retryAfterSeconds: 1 })
    },
  }
}
