import { Webhook } from 'standardwebhooks'

/** A message as a receiver got it. */
export interface Received {
  id: string
  // biome-ignore lint/suspicious/noExplicitAny: messages are asserted on, whatever they hold
  body: any
  text: string
  headers: Record<string, string>
  /** The path and query it came to. */
  path: string
}

/** Somebody who is told by webhook: a server on loopback that keeps what it is sent. */
export interface Receiver {
  url: string
  received: Received[]
  /** Resolves once what was received is enough. */
  until(enough: (received: Received[]) => boolean): Promise<Received[]>
  /** How it answers from now on; 204 at once by default. */
  answer(how: (message: Received) => Response | Promise<Response>): void
  [Symbol.asyncDispose](): Promise<void>
}

export function startReceiver(how: (message: Received) => Response | Promise<Response> = accept): Receiver {
  const received: Received[] = []
  let told = () => {}
  let answer = how
  const server = Bun.serve({
    port: 0,
    hostname: '127.0.0.1',
    idleTimeout: 0,
    async fetch(request) {
      const text = await request.text()
      const { pathname, search } = new URL(request.url)
      const headers = Object.fromEntries(request.headers)
      const message = { id: headers['webhook-id']!, body: JSON.parse(text), text, headers, path: pathname + search }
      received.push(message)
      told()
      return answer(message)
    },
  })
  return {
    url: `http://127.0.0.1:${server.port}/hooks`,
    received,
    until: (enough) =>
      new Promise((resolve) => {
        const before = told
        told = () => {
          before()
          if (enough(received)) resolve(received)
        }
        told()
      }),
    answer(other) {
      answer = other
    },
    [Symbol.asyncDispose]: () => server.stop(true),
  }
}

export const accept = () => new Response(null, { status: 204 })

/** Never answers. */
export const hang = () => new Promise<Response>(() => {})

/** Whether the library’s own verifier lets a message pass. */
export function verifies({ text, headers }: Pick<Received, 'text' | 'headers'>, secret: string): boolean {
  try {
    new Webhook(secret).verify(text, headers)
    return true
  } catch {
    return false
  }
}

/** Each session’s events in the order in which they came, by `seq`. */
export const seqsBySession = (received: readonly Received[]): Map<number, number[]> =>
  new Map(
    [...Map.groupBy(received, ({ body }) => body.sessionId as number)].map(([session, among]) => [
      session,
      among.map(({ body }) => body.seq as number),
    ]),
  )
