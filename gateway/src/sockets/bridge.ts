import type { Log } from '@channelling/http'
import { socketLimits } from '@channelling/notifications'
import type { Opened } from './service-socket'

/** Close codes of RFC 6455. */
const NORMAL = 1000
const TRY_AGAIN = 1013

/** Bytes that may wait for a service to read them; subscribers have little to say. */
const TO_SERVICE_BYTES_MAX = 64 * 1024

/** What a Bun socket is asked for here. */
interface ClientSocket {
  sendText(frame: string): number
  getBufferedAmount(): number
  close(code: number, reason: string): void
  terminate(): void
}

/**
 * What a subscriber's socket does that is connected through to the service: frames go both ways as they are, the service's close code and reason
 * reach the subscriber, and pings are answered on each side by itself. Nothing is kept for who does not read: it is let go, and
 * comes back for what it missed.
 */
export function bridge({ socket: service, whenDown }: Opened, log: Log) {
  let client: ClientSocket | undefined
  /** What the service said before the subscriber's socket was open. */
  let early: string[] = []
  let ended = false

  function end(code: number, reason: string): void {
    if (ended) return
    ended = true
    forget()
    service.terminate()
    client?.close(code, reason)
  }

  function letGo(): void {
    if (ended) return
    log.warn('a subscriber reads too slowly and is let go')
    ended = true
    forget()
    service.terminate()
    // a close frame would only join the queue that is not being read
    client?.terminate()
  }

  function tell(to: ClientSocket, frame: string): void {
    if (to.sendText(frame) === 0 || to.getBufferedAmount() > socketLimits.backpressureLimit) letGo()
  }

  const forget = whenDown(() => end(TRY_AGAIN, 'The service behind it is away: connect again'))
  service.onmessage = ({ data }) => {
    if (typeof data !== 'string' || ended) return
    if (client) tell(client, data)
    else early.push(data)
  }
  service.onclose = ({ code, reason }) =>
    isSayable(code) ? end(code, reason) : end(TRY_AGAIN, 'The service behind it broke off: connect again')

  return {
    /** Of the subscriber's socket. */
    events: {
      open(socket: ClientSocket) {
        client = socket
        if (ended) return socket.close(TRY_AGAIN, 'The service behind it broke off: connect again')
        for (const frame of early) if (!ended) tell(socket, frame)
        early = []
      },
      message(_socket: ClientSocket, frame: unknown) {
        if (ended || typeof frame !== 'string') return
        service.send(frame)
        if (service.bufferedAmount > TO_SERVICE_BYTES_MAX) end(TRY_AGAIN, 'The service does not read')
      },
      close(_socket: ClientSocket, code: number, reason: string) {
        if (ended) return
        ended = true
        forget()
        service.close(code === NORMAL || code >= 3000 ? code : NORMAL, reason)
      },
    },
    /** The subscriber's socket does not open. */
    abandon() {
      ended = true
      forget()
      service.close(NORMAL, '')
    },
  }
}

/** Whether a close code may be sent: some only say that there was none. */
const isSayable = (code: number): boolean =>
  (code >= 1000 && code <= 1014 && ![1004, 1005, 1006].includes(code)) || (code >= 3000 && code <= 4999)
