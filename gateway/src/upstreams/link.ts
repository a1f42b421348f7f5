import { gathering, type LinkAnswer, type LinkRequest, NOT_BEGUN } from '@channelling/http'
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
  const waiting = new Map<number, { resolve(answer: LinkAnswer): void; reject(error: Unanswered): void }>()
  const requests = gathering<LinkRequest>((message) => socket?.send(message))

  function close(): void {
    opening = null
    socket?.terminate()
    socket = null
    for (const { reject } of waiting.values()) reject(new Unanswered('broken'))
    waiting.clear()
  }

  function receive({ data }: { data: unknown }): void {
    for (const answer of answersIn(data)) {
      const call = waiting.get(answer[0])
      waiting.delete(answer[0])
      if (answer[1] === NOT_BEGUN) call?.reject(new Unanswered('not_begun'))
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
      const { promise, resolve, reject } = Promise.withResolvers<LinkAnswer>()
      waiting.set(number, { resolve, reject })
      requests.add([number, method, target, headers, body], target.length + (body?.length ?? 0))
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

/** None where it is not what a service says. */
function answersIn(data: unknown): LinkAnswer[] {
  try {
    return JSON.parse(String(data))
  } catch {
    return []
  }
}

const responseOf = ([, status, headers, body]: LinkAnswer) =>
  new Response(BODILESS.has(status) ? null : body, { status, headers })
