import { createServer, type Socket } from 'node:net'

/** A message on its way, to be answered with whatever bytes one likes. */
export interface Undecided {
  // biome-ignore lint/suspicious/noExplicitAny: messages are asserted on, whatever they hold
  body: any
  id: string
  path: string
  /** Answers with these bytes, then ends the connection, in good order or not at all. */
  say(bytes: string): void
  /** Resolves once whoever sent it has given up. */
  givenUp: Promise<void>
}

/** Somebody who is told by webhook and answers as no server would: the test writes each answer by itself. */
export interface RawReceiver {
  url: string
  /** Every message that came, in order. */
  received: Undecided[]
  /** The next so many messages, once they are there. */
  next(count: number): Promise<Undecided[]>
  [Symbol.asyncDispose](): Promise<void>
}

const NEXT_MS_MAX = 40_000

export async function startRawReceiver(): Promise<RawReceiver> {
  const received: Undecided[] = []
  const open = new Set<Socket>()
  let taken = 0
  const listener = createServer((socket) => {
    open.add(socket)
    const givenUp = new Promise<void>((resolve) => socket.once('close', () => resolve()))
    void givenUp.then(() => open.delete(socket))
    socket.on('error', () => {})
    let request = Buffer.alloc(0)
    let whole = false
    socket.on('data', (chunk: Buffer) => {
      request = Buffer.concat([request, chunk])
      const end = request.indexOf('\r\n\r\n')
      if (whole || end === -1) return
      const head = request.subarray(0, end).toString('latin1')
      const header = (name: string) => new RegExp(`^${name}: (.*)$`, 'im').exec(head)?.[1]?.trim() ?? ''
      const text = request.subarray(end + 4)
      if (text.length < Number(header('content-length'))) return
      whole = true
      received.push({
        body: JSON.parse(text.toString()),
        id: header('webhook-id'),
        path: head.split(' ')[1]!,
        say: (bytes) => void socket.end(bytes),
        givenUp,
      })
    })
  })
  await new Promise<void>((resolve) => listener.listen(0, '127.0.0.1', resolve))
  const { port } = listener.address() as { port: number }
  return {
    url: `http://127.0.0.1:${port}/hooks`,
    received,
    async next(count) {
      const deadline = performance.now() + NEXT_MS_MAX
      while (received.length < taken + count) {
        if (performance.now() > deadline)
          throw new Error(`${received.length - taken} of ${count} messages came in time`)
        await Bun.sleep(5)
      }
      taken += count
      return received.slice(taken - count, taken)
    },
    async [Symbol.asyncDispose]() {
      for (const socket of open) socket.destroy()
      listener.close()
    },
  }
}
