import { connect, type Socket } from 'node:net'

/** An answer as it came over the wire. */
export interface RawAnswer {
  status: number
  headers: Headers
  text: string
}

/** What came of a connection. */
export interface Conversation {
  /** Everything that was answered, in order. */
  answers: RawAnswer[]
  /** What came besides whole answers. */
  rest: string
  /** Who ended it: the server closed, or the test lost patience. */
  closed: boolean
}

export interface Patience {
  /** Enough answers to stop listening. */
  answers?: number
  /** How long silence is waited out, in ms. */
  silenceMs?: number
}

/** What is written: bytes, or a pause in ms. */
export type Part = string | Uint8Array | number

/** Opens a connection, writes exactly what it is given, byte for byte, and listens until the server closes, enough is answered, or silence. */
export async function converse(
  port: number,
  parts: readonly Part[],
  { answers = Number.POSITIVE_INFINITY, silenceMs = 300 }: Patience = {},
): Promise<Conversation> {
  const socket = await opened(port)
  let heard = Buffer.alloc(0)
  let closed = false
  const done = Promise.withResolvers<void>()
  let timer: Timer | undefined
  const wait = () => {
    clearTimeout(timer)
    timer = setTimeout(done.resolve, silenceMs)
  }
  socket.on('data', (bytes) => {
    heard = Buffer.concat([heard, bytes as Buffer])
    if (timer) wait()
    if (readAnswers(heard).answers.length >= answers) done.resolve()
  })
  socket.on('error', () => {})
  socket.on('close', () => {
    closed = true
    done.resolve()
  })
  for (const part of parts) {
    if (typeof part === 'number') await Promise.race([Bun.sleep(part), done.promise])
    else if (!closed) socket.write(typeof part === 'string' ? Buffer.from(part, 'latin1') : part)
  }
  wait()
  await done.promise
  clearTimeout(timer)
  socket.destroy()
  return { ...readAnswers(heard), closed }
}

/** A connection, once it is one. */
export function opened(port: number): Promise<Socket> {
  const { promise, resolve, reject } = Promise.withResolvers<Socket>()
  const socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true })
  socket.on('error', reject)
  socket.on('end', () => socket.end())
  socket.on('connect', () => {
    socket.off('error', reject)
    socket.on('error', () => {})
    resolve(socket)
  })
  return promise
}

/** Takes whole answers off what was heard; what is left over would be a desynchronised connection. */
export function readAnswers(heard: Buffer): { answers: RawAnswer[]; rest: string } {
  const answers: RawAnswer[] = []
  let rest = heard
  for (;;) {
    const end = rest.indexOf('\r\n\r\n')
    if (end === -1) break
    const [first = '', ...lines] = rest.subarray(0, end).toString('latin1').split('\r\n')
    const status = Number(/^HTTP\/1\.1 (\d{3})/.exec(first)?.[1])
    if (!status) break
    const headers = new Headers(lines.map((line) => line.split(/: ?(.*)/s, 2) as [string, string]))
    const start = end + 4
    const until = start + Number(headers.get('content-length') ?? 0)
    if (rest.length < until) break
    answers.push({ status, headers, text: rest.subarray(start, until).toString() })
    rest = rest.subarray(until)
  }
  return { answers, rest: rest.toString('latin1') }
}
