import type { Caller, StreamNotice } from '@channelling/contract'
import type { Log } from '@channelling/http'
import type { Feed } from './feed'
import type { FramedEvent } from './framing'
import type { Beating, Heartbeats } from './heartbeats'
import type { Position } from './rules/position'
import type { Topics } from './rules/topics'
import { seesWhole } from './rules/visibility'
import { type Outlet, type Subscription, subscribe } from './subscription'
import { GOING_AWAY, type Socket } from './text-socket'

/** Bytes that wait for a socket: with more of them it is sent nothing, with fewer again it is. Both are below the limit of sockets. */
const FULL_BYTES = 128 * 1024
const ROOM_BYTES = 32 * 1024
/** How long a socket may read nothing of what waits for it. */
const STALLED_MS = 3_000

/** Close code of RFC 6455: try again later. */
const TRY_AGAIN = 1013

export interface JsonSocketOptions {
  feed: Feed
  log: Log
  caller: Pick<Caller, 'clientId' | 'access'>
  from: Position | null
  topics: Topics
  heartbeats: Heartbeats
  elapsed: () => number
  /** How long it may read nothing of what waits for it; 3 000 by default. */
  stalledMs?: number
}

/** One subscriber in JSON mode. What it sends to us goes unread. */
export function jsonSocket({
  feed,
  log,
  caller,
  from,
  topics,
  heartbeats,
  elapsed,
  stalledMs = STALLED_MS,
}: JsonSocketOptions) {
  let subscription: Subscription | undefined
  let stopBeating = () => {}
  /** Tells whoever waits for room that there may be some, or that there never will be. */
  let look = () => {}
  let open = true

  function serve(socket: Socket): void {
    let spokeAt = elapsed()
    const say = (notice: StreamNotice) => {
      spokeAt = elapsed()
      socket.sendText(JSON.stringify(notice))
    }
    const frameOf = (framed: FramedEvent) => (seesWhole(caller, framed.event) ? framed.whole : framed.reduced)

    /** Resolves once it has read what waits for it; false when it closes, or reads nothing for too long. */
    const room = () =>
      new Promise<boolean>((resolve) => {
        let waiting = socket.getBufferedAmount()
        if (!open || waiting <= ROOM_BYTES) return resolve(open)
        const settle = (found: boolean) => {
          clearTimeout(timer)
          look = () => {}
          resolve(found)
        }
        const giveUp = () => {
          const left = socket.getBufferedAmount()
          if (open && left < waiting) {
            waiting = left
            timer = setTimeout(giveUp, stalledMs)
          } else settle(false)
        }
        let timer = setTimeout(giveUp, stalledMs)
        look = () => {
          if (!open || socket.getBufferedAmount() <= ROOM_BYTES) settle(open)
        }
      })

    const letGo = () => {
      if (open) log.warn('a subscriber reads too slowly and is let go')
      stop()
    }

    const outlet: Outlet = {
      say,
      send(events) {
        let sent = 0
        socket.cork(() => {
          for (const framed of events) {
            if (socket.getBufferedAmount() > FULL_BYTES) break
            socket.sendText(frameOf(framed))
            sent++
          }
        })
        if (sent > 0) spokeAt = elapsed()
        return sent
      },
      async room() {
        if (await room()) return true
        // a close frame would only join what is not being read
        letGo()
        socket.terminate()
        return false
      },
      async tooSlow() {
        const reads = await room()
        letGo()
        if (reads) socket.close(TRY_AGAIN, 'Too slow: resume with from')
        else socket.terminate()
      },
      end: () => socket.close(GOING_AWAY, 'The server is closing'),
    }

    const beating: Beating = {
      spokeAt: () => spokeAt,
      beat() {
        const position = subscription?.position()
        if (position) say({ type: 'heartbeat', seq: position.seq })
      },
    }
    heartbeats.add(beating)
    stopBeating = () => heartbeats.remove(beating)
    subscription = subscribe({ feed, topics, from, outlet, log })
  }

  function stop(): void {
    open = false
    subscription?.stop()
    stopBeating()
    look()
  }

  return { open: serve, drain: () => look(), close: stop }
}
