import { connect, type Socket } from 'node:net'

/** An answer as it came over the wire. */
export interface RawAnswer {
  status: number
  headers: Headers
  text: string
}

/** What was heard on a connection. */
export interface Heard {
  /** Whole answers, in order. */
  answers: RawAnswer[]
  /** What came besides whole answers. */
  rest: string
  /** Whether the server ended the connection. */
  closed: boolean
}

/** A connection on which exactly what is said goes over the wire. */
export interface RawConnection {
  /** Writes text, one byte a character. */
  send(text: string): void
  /** Listens until there are so many answers in all, the server closes, or nothing comes for a while. */
  hear(answers: number, silenceMs?: number): Promise<Heard>
  [Symbol.dispose](): void
}

/** Connects to a server of this machine. */
export async function dial(port: number): Promise<RawConnection> {
  const socket = await opened(port)
  let bytes = Buffer.alloc(0)
  let closed = false
  let changed = Promise.withResolvers<void>()
  const change = () => {
    changed.resolve()
    changed = Promise.withResolvers()
  }
  socket.on('data', (more) => {
    bytes = Buffer.concat([bytes, more as Buffer])
    change()
  })
  socket.on('close', () => {
    closed = true
    change()
  })

  return {
    send: (text) => void socket.write(text, 'latin1'),
    async hear(answers, silenceMs = 1000) {
      for (;;) {
        const seen = bytes.length
        const heard = readAnswers(bytes)
        if (closed || heard.answers.length >= answers) return { ...heard, closed }
        await Promise.race([changed.promise, Bun.sleep(silenceMs)])
        if (!closed && bytes.length === seen) return { ...heard, closed }
      }
    },
    [Symbol.dispose]: () => void socket.destroy(),
  }
}

/** A bare connection, once it stands. */
export function opened(port: number): Promise<Socket> {
  const { promise, resolve, reject } = Promise.withResolvers<Socket>()
  const socket = connect({ port, host: '127.0.0.1' })
  socket.on('error', reject)
  socket.on('connect', () => resolve(socket))
  return promise
}

/** Takes whole answers off what was heard. They are answers to requests that are not HEAD. */
function readAnswers(heard: Buffer): { answers: RawAnswer[]; rest: string } {
  const answers: RawAnswer[] = []
  let rest = heard
  for (;;) {
    const end = rest.indexOf('\r\n\r\n')
    if (end === -1) break
    const [first = '', ...lines] = rest.subarray(0, end).toString('latin1').split('\r\n')
    const status = Number(/^HTTP\/1\.1 (\d{3})/.exec(first)?.[1])
    if (!status) break
    const headers = new Headers(lines.map((line) => line.split(/: ?(.*)/s, 2) as [string, string]))
    const until = end + 4 + Number(headers.get('content-length') ?? 0)
    if (rest.length < until) break
    answers.push({ status, headers, text: rest.subarray(end + 4, until).toString() })
    rest = rest.subarray(until)
  }
  return { answers, rest: rest.toString('latin1') }
}
