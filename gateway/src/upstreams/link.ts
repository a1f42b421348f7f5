import { gathering, type LinkAnswer, type Linked, type LinkRequest, linkedIn, NOT_BEGUN } from '@channelling/http'
import { BODILESS } from './answer'
import { openSocket, type ServiceSocket } from './socket'
import { Unanswered } from './unanswered'

/** What a link carries to a service. */
export interface Carried {
  method: string
  /** With its query. */
  target: string
  headers: Record<string, string>
  body: string | undefined
}

/** A request under way. */
export interface Call {
  /** Rejects with what `unanswered` makes an Unanswered of. */
  answer: Promise<Response>
  /** Waits for it no longer. */
  end(): void
}

/** One connection to a process of a service that carries many requests at a time, while it is open. */
export interface Link {
  isOpen(): boolean
  /** Opens it, unless it is open. */
  open(): Promise<void>
  send(carried: Carried): Call
  /** Ends what is under way. It may be opened again. */
  close(): void
}

export function createLink(url: string): Link {
  let socket: ServiceSocket | null = null
  let opening: Promise<ServiceSocket | undefined> | null = null
  let last = 0
  const waiting = new Map<number, { resolve(answer: Linked<LinkAnswer>): void; reject(error: Unanswered): void }>()
  const requests = gathering<LinkRequest>((message) => socket?.send(message))

  function close(): void {
    opening = null
    socket?.terminate()
    socket = null
    for (const { reject } of waiting.values()) reject(new Unanswered('broken'))
    waiting.clear()
  }

  function receive({ data }: { data: unknown }): void {
    // none where it is not what a service says
    for (const answer of (linkedIn(String(data)) ?? []) as Linked<LinkAnswer>[]) {
      const [number, status] = answer.head
      const call = waiting.get(number)
      waiting.delete(number)
      if (status === NOT_BEGUN) call?.reject(new Unanswered('not_begun'))
      else call?.resolve(answer)
    }
  }

  return {
    isOpen: () => socket !== null,
    async open() {
      if (socket || opening) return
      const asked = openSocket(url)
      opening = asked
      const opened = await asked
      if (opening !== asked) return opened?.terminate()
      opening = null
      if (!opened) return
      opened.onmessage = receive
      opened.onclose = () => {
        if (socket === opened) close()
      }
      socket = opened
    },
    send({ method, target, headers, body }) {
      if (!socket) return { answer: Promise.reject(new Unanswered('not_begun')), end: () => {} }
      const number = ++last
      const { promise, resolve, reject } = Promise.withResolvers<Linked<LinkAnswer>>()
      waiting.set(number, { resolve, reject })
      requests.add([number, method, target, headers], body, target.length)
      return {
        answer: promise.then(responseOf),
        end() {
          if (waiting.delete(number)) reject(new Unanswered('late'))
        },
      }
    },
    close,
  }
}

const responseOf = ({ head: [, status, headers], body }: Linked<LinkAnswer>) =>
  new Response(BODILESS.has(status) ? null : body, { status, headers })
