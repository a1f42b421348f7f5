import type { SocketConstructor, SocketLike } from '@channelling/client'
import type { Socket } from '@channelling/notifications'
import type { Chance } from '../support/chance'
import type { Host } from './host'
import type { Network } from './network'
import type { Notifications } from './notifications'
import type { Process, Scheduler } from './scheduler'

/** Bytes count as so many times more on a slow line, so that a few events fill what may wait for a socket. */
const WEIGHT_OF_SLOW = 2_000
const SLOW_MS_A_FRAME = 150
/** Of a line that breaks, one end may not hear. */
const UNHEARD = 0.1

export interface Sockets {
  /** What a subscriber connects by, in the process whose turn it is. */
  constructorFor(slow: boolean): SocketConstructor
  /** Cuts one of the lines. */
  cutOne(): void
  /** Ends the lines of a subscriber that died. */
  gone(subscriber: Process): void
}

export function createSockets(
  hosts: readonly Host<Notifications>[],
  {
    scheduler,
    network,
    chance,
    fault,
  }: { scheduler: Scheduler; network: Network; chance: Chance; fault: (what: string) => void },
): Sockets {
  const lines = new Set<{ subscriber: Process; cut(): void; gone(): void }>()

  function connect(near: SocketLike, url: string, slow: boolean, opened: () => void): () => void {
    const subscriber = scheduler.current()
    const host = chance.one(hosts)
    let far: ReturnType<Notifications['open']> | null = null
    let server = host.process()
    let open = true
    let waiting = 0
    let sentUpTo = 0
    let lastAt = 0

    /** In the order in which they were sent. */
    function toSubscriber(work: () => void, ms = 0): void {
      lastAt = Math.max(lastAt, scheduler.now() + network.delay()) + ms
      scheduler.at(subscriber, lastAt, work)
    }

    function end(code: number, reason: string, tells: 'both' | 'subscriber' | 'server' = 'both'): void {
      if (!open) return
      open = false
      lines.delete(line)
      const closed = near.onclose as ((event: { code: number; reason: string }) => void) | null
      if (tells !== 'server' && closed) {
        toSubscriber(() => (near.onclose as typeof closed)?.({ code, reason }))
      }
      if (tells !== 'subscriber') scheduler.after(server, network.delay(), () => far?.close())
    }

    const line = {
      subscriber,
      cut: () => end(1006, '', chance.next() < UNHEARD ? 'server' : 'both'),
      gone: () => end(1006, '', 'server'),
    }
    lines.add(line)
    scheduler.after(subscriber, network.delay(), () => {
      const service = host.service()
      server = host.process()
      if (!service || !server.alive) return end(1006, '', 'subscriber')
      host.onCrash(() => end(1006, '', chance.next() < UNHEARD ? 'server' : 'subscriber'))
      scheduler.after(server, 0, () => {
        if (!open) return
        const socket: Socket = {
          sendText(frame) {
            const { type, seq } = JSON.parse(frame) as { type: string; seq: number }
            if (/^(booking|session)\./.test(type)) {
              if (seq <= sentUpTo) fault(`a socket is sent ${seq} after ${sentUpTo}`)
              sentUpTo = seq
            }
            const weight = frame.length * (slow ? WEIGHT_OF_SLOW : 1)
            waiting += weight
            toSubscriber(
              () => {
                if (!open) return
                scheduler.note(`hears ${frame}`)
                ;(near.onmessage as ((event: { data: string }) => void) | null)?.({ data: frame })
                scheduler.after(server, 0, () => {
                  waiting -= weight
                  far?.drain()
                })
              },
              slow ? SLOW_MS_A_FRAME * chance.next() : 0,
            )
            return frame.length
          },
          getBufferedAmount: () => waiting,
          cork: (send) => send(),
          close: (code, reason) => toSubscriber(() => end(code, reason)),
          terminate: () => end(1006, ''),
        }
        toSubscriber(opened)
        far = service.open(url, socket)
      })
    })
    return () => end(1000, '', 'server')
  }

  return {
    constructorFor: (slow) =>
      class implements SocketLike {
        readonly protocol = 'channelling.v1+json'
        onopen: SocketLike['onopen'] = null
        onmessage: SocketLike['onmessage'] = null
        onclose: SocketLike['onclose'] = null
        onerror: SocketLike['onerror'] = null
        readonly close: () => void

        constructor(url: string) {
          this.close = connect(this, url, slow, () => (this.onopen as (() => void) | null)?.())
        }
      },
    cutOne() {
      if (lines.size > 0) chance.one([...lines]).cut()
    },
    gone(subscriber) {
      for (const line of [...lines]) if (line.subscriber === subscriber) line.gone()
    },
  }
}
