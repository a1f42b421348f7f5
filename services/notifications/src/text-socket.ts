import type { Log } from '@channelling/http'
import type { Feed } from './feed'
import type { FramedEvent } from './framing'

/** Bytes that may wait for a slow socket, some 5 000 frames, before it is let go. */
const BACKPRESSURE_BYTES_MAX = 256 * 1024

/**
 * The limits of every socket. A Bun server has one set of them, so the application that listens takes them:
 * `new Elysia({ websocket: socketLimits })`.
 */
export const socketLimits = {
  /** Clients have nothing to say. */
  maxPayloadLength: 4 * 1024,
  backpressureLimit: BACKPRESSURE_BYTES_MAX,
  closeOnBackpressureLimit: true,
  /** Seconds without a sign of life. The ping goes out 16 s earlier, before proxies drop what is silent for a minute. */
  idleTimeout: 60,
  sendPings: true,
  perMessageDeflate: false,
}

/** What a Bun socket is asked for here. */
export interface Socket {
  sendText(frame: string): number
  getBufferedAmount(): number
  cork(send: () => void): void
  close(code: number, reason: string): void
  terminate(): void
}

/** Close codes of RFC 6455. */
export const GOING_AWAY = 1001

/**
 * One subscriber in text mode: every text frame, byte for byte. What it sends to us goes unread.
 * Elysia hands the events of a Bun socket to its `data`.
 */
export function textSocket(feed: Feed, log: Log) {
  let detach = () => {}
  return {
    open(socket: Socket) {
      detach = feed.attach({
        take: (events) => {
          if (sent(socket, events)) return
          detach()
          log.warn('a subscriber reads too slowly and is let go')
          // A close frame would only join the queue that is not being read.
          socket.terminate()
        },
        end: () => socket.close(GOING_AWAY, 'The server is closing'),
      })
    },
    close() {
      detach()
    },
  }
}

/** Sends the frames; false when the socket is too far behind to be sent any more. */
function sent(socket: Socket, events: readonly FramedEvent[]): boolean {
  let dropped = false
  socket.cork(() => {
    for (const { text } of events) {
      for (const frame of text) dropped ||= socket.sendText(frame) === 0
    }
  })
  return !dropped && socket.getBufferedAmount() <= BACKPRESSURE_BYTES_MAX
}
