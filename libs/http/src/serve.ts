import { Refusal } from '@channelling/contract'
import { msLeftFor } from './deadline'
import { refuse } from './envelope'
import { pathOf, REQUEST_ID_HEADER } from './identity'
import { LIVE_PATH, READY_PATH } from './kit'
import { createLinks, LINK_HEADER, LINK_PATH } from './link'
import { described, type Log } from './log'
import { closeGracefully, UNDER_WAY_MS_MAX } from './server'
import { spellShortHost } from './short-host'

/** The gateway sends 64 KiB at most. */
const BODY_BYTES_MAX = 1024 ** 2

/** What a socket does when something happens to it; an application gives it to `upgrade` as the `data` of the socket. */
interface SocketEvents {
  open?(socket: Bun.ServerWebSocket<SocketEvents>): void
  message?(socket: Bun.ServerWebSocket<SocketEvents>, message: string | Buffer): void
  drain?(socket: Bun.ServerWebSocket<SocketEvents>): void
  close?(socket: Bun.ServerWebSocket<SocketEvents>, code: number, reason: string): void
}

type SocketLimits = Omit<
  Bun.WebSocketHandler<SocketEvents>,
  'data' | 'open' | 'message' | 'drain' | 'close' | 'ping' | 'pong'
>

export interface ServeOptions {
  /** An application that upgrades requests finds the `server` on itself. */
  app: { fetch(request: Request): Response | Promise<Response>; server?: unknown }
  hostname: string
  /** 0 takes any free one. */
  port: number
  log: Log
  /** The limits of its sockets, for an application that upgrades requests: a server has one set of them, so that it offers no links. */
  sockets?: SocketLimits
  /** Ends what would keep it from closing: sockets, and requests that wait for something to happen. */
  beforeClose?: () => Promise<void>
  /** How long it goes on while it says that it leaves; 1 500 by default. */
  leavingMs?: number
}

/**
 * How long a process that was told to stop goes on before it does, so that every gateway has been told to go elsewhere: longer than
 * between two of their probes.
 */
const LEAVING_MS = 1_500

/**
 * Serves a service in a process of its own. What comes after its deadline is refused unread: its caller has been answered. Once it is
 * to close it still takes requests for a while, says with each answer that it leaves (`connection: close`), and is not ready any more; then
 * it finishes what is under way.
 */
export function serve(options: ServeOptions): { port: number; close(): Promise<void> } {
  const { app, hostname, port, log, sockets, beforeClose, leavingMs = LEAVING_MS } = options
  let leaving = false
  const respond = (request: Request) => {
    if (leaving && pathOf(request.url) === READY_PATH) return notReady(request)
    return isLate(request) ? tooLate(request) : app.fetch(spellShortHost(request))
  }
  /** A socket that was opened has no answer. */
  const answer = async (request: Request): Promise<Response | undefined> => {
    const response: Response | undefined = await respond(request)
    // said also of what was begun before, or whoever gets that last would take it for one that stays
    if (leaving) response?.headers.set('connection', 'close')
    return response
  }
  const failed = (error: unknown) => log.error(described(error), 'a request failed')
  const links = createLinks({ answer, onFault: failed })
  const server = Bun.serve<SocketEvents>({
    hostname,
    port,
    reusePort: false,
    maxRequestBodySize: BODY_BYTES_MAX,
    // the gateway keeps its connections; closing one from here could cross with a request
    idleTimeout: 0,
    fetch(request, server) {
      const path = sockets ? null : pathOf(request.url)
      if (path === LINK_PATH && server.upgrade(request, { data: links.events })) return undefined
      return path === LIVE_PATH ? offeringLinks(answer(request)) : answer(request)
    },
    error(error) {
      failed(error)
      return new Response(null, { status: 500 })
    },
    websocket: {
      ...sockets,
      open: (socket) => socket.data.open?.(socket),
      message: (socket, message) => socket.data.message?.(socket, message),
      drain: (socket) => socket.data.drain?.(socket),
      close: (socket, code, reason) => socket.data.close?.(socket, code, reason),
    },
  })
  if (sockets) app.server = server
  log.info({ address: `${server.hostname}:${server.port}` }, 'listening')
  return {
    port: server.port!,
    async close() {
      leaving = true
      await Bun.sleep(leavingMs)
      await links.end(UNDER_WAY_MS_MAX)
      const closed = closeGracefully(server)
      await beforeClose?.()
      await closed
    },
  }
}

async function offeringLinks(answer: Promise<Response | undefined>): Promise<Response | undefined> {
  const response = await answer
  response?.headers.set(LINK_HEADER, LINK_PATH)
  return response
}

/** Whether a process said with an answer that it leaves. */
export const saysItLeaves = ({ headers }: Response): boolean => headers.get('connection')?.toLowerCase() === 'close'

const notReady = ({ headers }: Request) =>
  refuse(new Refusal('service_unavailable', 'Not ready: the process is leaving'), headers.get(REQUEST_ID_HEADER) ?? '')

const isLate = (request: Request) => (msLeftFor(request) ?? 0) < 0

const tooLate = ({ headers }: Request) =>
  refuse(
    new Refusal('overloaded', 'The request came after its deadline', { retryAfterSeconds: 1 }),
    headers.get(REQUEST_ID_HEADER) ?? '',
  )
