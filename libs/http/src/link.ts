import { innerRequest } from './inner-request'

/**
 * A link: one WebSocket between a gateway and a process of a service, over which many requests are under way at a time. Those of one
 * moment travel together, and so do their answers, as one JSON array: that costs a fraction of a connection for each.
 */
export const LINK_PATH = '/link'

/** Says with an answer about the health of a process that it takes links, and where. */
export const LINK_HEADER = 'x-channelling-link'

/** A request: its number on this link, its method, its target with the query, its headers and its body, if it has one. */
export type LinkRequest = [
  number: number,
  method: string,
  target: string,
  headers: Record<string, string>,
  body?: string,
]

/** An answer: the number of its request, its status, its headers and its body. */
export type LinkAnswer = [number: number, status: number, headers: Record<string, string>, body: string]

/** Instead of a status: the request was not begun, since the process leaves, and may be sent to another. */
export const NOT_BEGUN = 0

/** Characters after which a message does not wait for what else comes. */
const MESSAGE_CHARS_MAX = 256 * 1024

/** Gathers what is to be sent, and sends what came in one turn of the event loop together. */
export function gathering<Entry>(send: (message: string) => void) {
  let entries: Entry[] = []
  let chars = 0

  function flush(): void {
    if (entries.length === 0) return
    const message = JSON.stringify(entries)
    entries = []
    chars = 0
    send(message)
  }

  return {
    /** @param size about how many characters it has */
    add(entry: Entry, size: number): void {
      if (entries.length === 0) setImmediate(flush)
      entries.push(entry)
      chars += size
      if (chars > MESSAGE_CHARS_MAX) flush()
    },
    flush,
  }
}

/** Close codes of RFC 6455. */
const GOING_AWAY = 1001
const INVALID = 1007
const TRY_AGAIN = 1013

/** What a Bun socket is asked for here. */
interface Socket {
  send(message: string): number
  close(code: number, reason: string): void
}

export interface LinksOptions {
  answer: (request: Request) => Promise<Response | undefined>
  /** Called with what `answer` throws, which the caller is told nothing of. */
  onFault: (error: unknown) => void
}

/** A link that is open. */
interface Open {
  answers: ReturnType<typeof gathering<LinkAnswer>>
  /** Requests that somebody waits for. */
  underWay: number
}

/** The links to a process of a service. */
export function createLinks({ answer, onFault }: LinksOptions) {
  const open = new Map<Socket, Open>()
  let ending = false

  async function answerOne([number, method, target, headers, body]: LinkRequest, link: Open): Promise<void> {
    if (ending) return link.answers.add([number, NOT_BEGUN, {}, ''], 0)
    link.underWay++
    try {
      const response = await answer(innerRequest({ target, method, headers, body }))
      if (!response) throw new Error('A link opens no sockets')
      const text = await response.text()
      link.answers.add([number, response.status, response.headers.toJSON(), text], text.length)
    } catch (error) {
      onFault(error)
      link.answers.add([number, 500, {}, ''], 0)
    } finally {
      link.underWay--
    }
  }

  return {
    /** What a socket at `LINK_PATH` does. */
    events: {
      open(socket: Socket) {
        const answers = gathering<LinkAnswer>((message) => {
          // 0: so much waits to be read that it was dropped; whoever waits for it would wait in vain
          if (open.has(socket) && socket.send(message) === 0) socket.close(TRY_AGAIN, 'Answers are not read')
        })
        open.set(socket, { answers, underWay: 0 })
      },
      message(socket: Socket, message: string | Buffer) {
        const link = open.get(socket)
        if (!link) return
        const requests = requestsIn(message)
        if (!requests) return socket.close(INVALID, 'Not a message of a link')
        for (const request of requests) void answerOne(request, link)
      },
      close(socket: Socket) {
        open.delete(socket)
      },
    },
    /** Begins nothing more, lets what is under way finish, then closes the links. */
    async end(withinMs: number): Promise<void> {
      ending = true
      const deadline = performance.now() + withinMs
      const isBusy = () => [...open.values()].some(({ underWay }) => underWay > 0)
      while (isBusy() && performance.now() < deadline) await Bun.sleep(10)
      for (const [socket, { answers }] of open) {
        answers.flush()
        socket.close(GOING_AWAY, 'The process is leaving')
      }
    },
  }
}

function requestsIn(message: string | Buffer): LinkRequest[] | null {
  try {
    const parsed: unknown = JSON.parse(String(message))
    return Array.isArray(parsed) && parsed.every(isRequest) ? parsed : null
  } catch {
    return null
  }
}

const isRequest = (entry: unknown): entry is LinkRequest =>
  Array.isArray(entry) && typeof entry[0] === 'number' && typeof entry[1] === 'string' && typeof entry[2] === 'string'
