import { Refusal } from '@channelling/contract'
import { refuse } from './envelope'
import { REQUEST_ID_HEADER } from './identity'
import { described, type Log } from './log'
import { closeGracefully } from './server'

/** The instant after which the caller of a request is gone, in UTC milliseconds; between gateway and service. */
export const DEADLINE_HEADER = 'x-deadline'

/** The gateway sends 64 KiB at most. */
const BODY_BYTES_MAX = 1024 ** 2

export interface ServeOptions {
  app: { fetch(request: Request): Response | Promise<Response> }
  hostname: string
  /** 0 takes any free one. */
  port: number
  log: Log
}

/** Serves a service in a process of its own. What comes after its deadline is refused unread: its caller has been answered. */
export function serve({ app, hostname, port, log }: ServeOptions): { port: number; close(): Promise<void> } {
  const server = Bun.serve({
    hostname,
    port,
    reusePort: false,
    maxRequestBodySize: BODY_BYTES_MAX,
    // the gateway keeps its connections; closing one from here could cross with a request
    idleTimeout: 0,
    fetch: (request) => (isLate(request) ? tooLate(request) : app.fetch(request)),
    error(error) {
      log.error(described(error), 'a request failed')
      return new Response(null, { status: 500 })
    },
  })
  log.info({ address: `${server.hostname}:${server.port}` }, 'listening')
  return { port: server.port!, close: () => closeGracefully(server) }
}

function isLate({ headers }: Request): boolean {
  const deadline = headers.get(DEADLINE_HEADER)
  return deadline !== null && Date.now() > Number(deadline)
}

const tooLate = ({ headers }: Request) =>
  refuse(
    new Refusal('overloaded', 'The request came after its deadline', { retryAfterSeconds: 1 }),
    headers.get(REQUEST_ID_HEADER) ?? '',
  )
