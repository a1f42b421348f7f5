import { innerRequest } from './inner-request'

/**
 * A link: one WebSocket between a gateway and a process of a service, over which many requests are under way at a time. Those of one
 * moment travel together, and so do their answers, as one message: that costs a fraction of a connection for each. Its path says which
 * form messages have.
 */
export const LINK_PATH = '/link/2'

/** Says with an answer about the health of a process that it takes links, and where. */
export const LINK_HEADER = 'x-channelling-link'

/** The head of a request: its number on this link, its method, its target with the query, its headers. */
export type LinkRequest = [number: number, method: string, target: string, headers: Record<string, string>]

/** The head of an answer: the number of its request, its status, its headers. */
export type LinkAnswer = [number: number, status: number, headers: Record<string, string>]

/** A request or an answer, of which one without a body is another than one whose body is empty. */
export interface Linked<Head> {
  head: Head
  body: string | undefined
}

/** Instead of a status: the request was not begun, since the process leaves, and may be sent to another. */
export const NOT_BEGUN = 0

/** Characters after which a message does not wait for what else comes. */
const MESSAGE_CHARS_MAX = 256 * 1024

/**
 * Gathers what is to be sent, and sends what came in one turn of the event loop together: the length of each body and its head in turn as
 * one JSON array, a line feed, and the bodies, as they are. JSON within JSON takes several times as long to read.
 */
export function gathering<Head>(send: (message: string) => void) {
  let heads: unknown[] = []
  let bodies: string[] = []
  let chars = 0

  function flush(): void {
    if (heads.length === 0) return
    const message = `${JSON.stringify(heads)}\n${bodies.join('')}`
    heads = []
    bodies = []
    chars = 0
    send(message)
  }

  return {
    /** @param size about how many characters the head has, where that may be many */
    add(head: Head, body: string | undefined, size = 0): void {
      if (heads.length === 0) setImmediate(flush)
      heads.push(body === undefined ? null : body.length, head)
      if (body) bodies.push(body)
      chars += size + (body?.length ?? 0)
      if (chars > MESSAGE_CHARS_MAX) flush()
    },
    flush,
  }
}

/** What a message carries, whose heads may be lists of anything; null where it is none. */
export function linkedIn(message: string): Linked<unknown[]>[] | null {
  const end = message.indexOf('\n')
  const list = end === -1 ? null : listIn(message.slice(0, end))
  if (!list) return null
  const linked: Linked<unknown[]>[] = []
  let at = end + 1
  for (let index = 0; index < list.length; index += 2) {
    const length = list[index]
    const head = list[index + 1]
    if (!Array.isArray(head) || (length !== null && !isLength(length))) return null
    linked.push({ head, body: length === null ? undefined : message.slice(at, at + length) })
    at += length ?? 0
  }
  return at === message.length ? linked : null
}

const isLength = (length: unknown): length is number => Number.isInteger(length) && (length as number) >= 0

function listIn(text: string): unknown[] | null {
  try {
    const list: unknown = JSON.parse(text)
    return Array.isArray(list) ? list : null
  } catch {
    return null
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

  async function answerOne({ head, body }: Linked<LinkRequest>, link: Open): Promise<void> {
    const [number, method, target, headers] = head
    if (ending) return link.answers.add([number, NOT_BEGUN, {}], undefined)
    link.underWay++
    try {
      const response = await answer(innerRequest({ target, method, headers, body }))
      if (!response) throw new Error('A link opens no sockets')
      const text = await response.text()
      link.answers.add([number, response.status, response.headers.toJSON()], text)
    } catch (error) {
      onFault(error)
      link.answers.add([number, 500, {}], undefined)
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

function requestsIn(message: string | Buffer): Linked<LinkRequest>[] | null {
  const linked = linkedIn(String(message))
  return linked?.every(isRequest) ? linked : null
}

const isRequest = (linked: Linked<unknown[]>): linked is Linked<LinkRequest> =>
  typeof linked.head[0] === 'number' && typeof linked.head[1] === 'string' && typeof linked.head[2] === 'string'
