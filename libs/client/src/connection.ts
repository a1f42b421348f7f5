import { type Frame, readFrame, UnreadableFrame } from './frames'
import type { Patience } from './patience'

/** Asks for JSON instead of text. */
export const PROTOCOL = 'channelling.v1+json'

/** What is used of a WebSocket. */
export interface SocketLike {
  readonly protocol: string
  onopen: ((event: never) => void) | null
  onmessage: ((event: never) => void) | null
  onclose: ((event: never) => void) | null
  onerror: ((event: never) => void) | null
  close(code?: number, reason?: string): void
}

/** The platform's own `WebSocket`, or one that is made like it: that of the `ws` package, say. */
export type SocketConstructor = new (
  url: string,
  // biome-ignore lint/suspicious/noExplicitAny: browsers take a list, Bun, Node and ws take options too, and each types them in its own way
  options?: any,
) => SocketLike

/** How a connection ended. */
export interface Ended {
  /** Of RFC 6455; null where it was this side that gave up. */
  code: number | null
  reason: string
  /** Whether the server had begun to speak. */
  spoke: boolean
}

export interface Connection {
  /** Hears what comes until it ends, which it tells once. */
  ended: Promise<Ended>
  /** Gives up; nothing that still comes is heard. */
  end(reason: string): void
}

/** Follows a socket from its handshake to its end. */
export function follow(socket: SocketLike, hear: (frame: Frame) => void, { silence, handshake }: Patience): Connection {
  let resolve: (ended: Ended) => void = () => {}
  const ended = new Promise<Ended>((resolved) => {
    resolve = resolved
  })
  let spoke = false
  let heardAt = Date.now()
  let timer = setTimeout(() => finish('it did not answer in time'), handshake)

  function finish(reason: string, code: number | null = null): void {
    clearTimeout(timer)
    socket.onopen = socket.onmessage = socket.onclose = null
    // a socket that is given up may still say that it failed
    socket.onerror = () => {}
    if (code === null) socket.close()
    resolve({ code, reason, spoke })
  }

  /** Looks again when the silence could have become too long, rather than setting a timer anew for every frame. */
  function watch(): void {
    const left = heardAt + silence - Date.now()
    if (left <= 0) finish('it fell silent')
    else timer = setTimeout(watch, left)
  }

  socket.onopen = () => {
    if (socket.protocol !== PROTOCOL) finish('the server does not speak this protocol')
  }
  socket.onmessage = ({ data }: { data: unknown }) => {
    heardAt = Date.now()
    try {
      const frame = readFrame(data)
      if (frame === null) return
      if (!spoke) {
        if (frame.kind !== 'hello') throw new UnreadableFrame('Something came before hello')
        spoke = true
        clearTimeout(timer)
        watch()
      }
      hear(frame)
    } catch (error) {
      if (!(error instanceof UnreadableFrame)) throw error
      finish(error.message)
    }
  }
  socket.onclose = ({ code, reason }: { code: number; reason: unknown }) => finish(String(reason) || 'it was cut', code)
  // what follows is always a close
  socket.onerror = () => {}
  return { ended, end: (reason) => finish(reason) }
}
