import { connect, createServer, type Socket } from 'node:net'
import { createMessages } from './lost-answers'

/** A network in front of a database server that keeps a write, or the answer to it, on its way for as long as one likes. */
export interface HeldWrites {
  url: string
  /**
   * Keeps the next request that holds this text, or the answer to it, and whatever its connection says after it. Resolves once there is
   * one; the request has not been done then, and where its answer is kept it has.
   */
  hold(what: 'request' | 'answer', text: string): Promise<void>
  /** Holds none that is not there yet. */
  withdraw(): void
  /** Lets what was held reach where it was going. */
  release(): void
  [Symbol.asyncDispose](): Promise<void>
}

/** @param to the URL of the server */
export async function startHeldWrites(to: string): Promise<HeldWrites> {
  const { port: far, hostname } = new URL(to)
  let wanted: { text: string; what: 'request' | 'answer'; found: () => void } | null = null
  let releases: (() => void)[] = []
  const open = new Set<Socket>()
  const listener = createServer((near) => {
    const server = connect(Number(far), hostname)
    for (const side of [near, server]) {
      open.add(side)
      side.on('error', () => {}).on('close', () => open.delete(side))
    }
    // what is held reaches the server even if whoever sent it is gone by then
    let kept: { towards: Socket; chunks: Buffer[]; ended: boolean } | null = null
    const pass = (from: Socket, towards: Socket) => {
      from.on('close', () => {
        if (kept?.towards === towards) kept.ended = true
        else towards.destroy()
      })
      return (chunk: Buffer) => {
        if (kept?.towards === towards) kept.chunks.push(chunk)
        else towards.write(chunk)
      }
    }
    const keep = (towards: Socket) => {
      const held = { towards, chunks: [] as Buffer[], ended: false }
      kept = held
      releases.push(() => {
        kept = null
        for (const chunk of held.chunks) towards.write(chunk)
        if (held.ended) towards.end()
      })
    }
    const messages = createMessages()
    const forward = pass(near, server)
    const back = pass(server, near)
    /** Told once the server has said something after the request whose answer is held. */
    let answered: (() => void) | null = null
    near.on('data', (chunk: Buffer) => {
      const isIt = messages.add(chunk).some((message) => wanted && message.includes(wanted.text))
      if (isIt && wanted) {
        const { what, found } = wanted
        wanted = null
        keep(what === 'request' ? server : near)
        if (what === 'request') found()
        else answered = found
      }
      forward(chunk)
    })
    server.on('data', (chunk: Buffer) => {
      back(chunk)
      answered?.()
      answered = null
    })
  })
  await new Promise<void>((resolve) => listener.listen(0, '127.0.0.1', resolve))
  const { port } = listener.address() as { port: number }
  return {
    url: `http://127.0.0.1:${port}`,
    hold: (what, text) =>
      new Promise((found) => {
        wanted = { text, what, found }
      }),
    withdraw() {
      wanted = null
    },
    release() {
      for (const release of releases) release()
      releases = []
    },
    async [Symbol.asyncDispose]() {
      for (const side of open) side.destroy()
      listener.close()
    },
  }
}
