import { Refusal } from '@channelling/contract'
import { refuse } from '@channelling/http'

interface Leaving {
  /** `''`, or `/channelling`. */
  contextRoot: string
  /** Answers as before. */
  fetch(request: Request): Response | Promise<Response>
}

const notReady = () =>
  refuse(new Refusal('service_unavailable', 'The process is leaving', { retryAfterSeconds: 1 }), crypto.randomUUID())

/**
 * From now on the listener says with every answer that it leaves, and ends the connection with it, so that whoever keeps connections makes
 * the next one elsewhere; it is not ready any more, so that a balancer sends nobody new; and it opens no socket. Everything else is
 * answered as before. Nothing of this is looked at in any request before.
 */
export function leaveGradually(server: Bun.Server<unknown>, { contextRoot, fetch }: Leaving): void {
  const isRefused = ({ url, headers }: Request) =>
    headers.has('upgrade') || new URL(url).pathname === `${contextRoot}/health/ready`
  server.reload({
    routes: {},
    async fetch(request: Request) {
      const response = isRefused(request) ? notReady() : await fetch(request)
      response.headers.set('connection', 'close')
      return response
    },
  } as Parameters<typeof server.reload>[0])
}
