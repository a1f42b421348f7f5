import { connect, createServer, type Socket } from 'node:net'
import type { Database } from '@channelling/schema'
import { freePort } from './port'
import { type Sqld, startSqld } from './sqld'

/** A libSQL server and a replica of it, with a network between them that can be held up. */
export interface Replicated {
  primary: Sqld
  replica: Sqld
  /** For `DATABASE_READ_URL`: the replica. */
  readUrl: string
  /** How many requests the replica answered there. */
  answered(): number
  /** Holds up what the primary sends the replica; both go on answering. */
  holdUp(): void
  letThrough(): void
  [Symbol.asyncDispose](): Promise<void>
}

export async function startReplicated(seed?: (database: Database) => Promise<void>): Promise<Replicated> {
  const grpc = freePort()
  const primary = await startSqld(seed, ['--grpc-listen-addr', `127.0.0.1:${grpc}`])
  const fromPrimary = new Set<Socket>()
  let held = false
  const network = createServer((near) => {
    const far = connect(grpc, '127.0.0.1')
    fromPrimary.add(far)
    if (held) far.pause()
    const end = () => {
      fromPrimary.delete(far)
      near.destroy()
      far.destroy()
    }
    for (const side of [near, far]) side.on('error', () => {}).on('close', end)
    near.on('data', (chunk) => void far.write(chunk))
    far.on('data', (chunk) => void near.write(chunk))
  })
  await new Promise<void>((resolve) => network.listen(0, '127.0.0.1', resolve))
  const { port } = network.address() as { port: number }
  const replica = await startSqld(undefined, ['--primary-grpc-url', `http://127.0.0.1:${port}`])
  let answered = 0
  const counter = Bun.serve({
    port: 0,
    hostname: '127.0.0.1',
    async fetch(request) {
      const { pathname } = new URL(request.url)
      const body = await request.text()
      const answer = await fetch(`${replica.url}${pathname}`, { method: request.method, body }).catch(() => null)
      if (!answer) return new Response('The replica is away', { status: 502 })
      const text = await answer.text()
      answered++
      return new Response(text, { status: answer.status })
    },
  })
  return {
    primary,
    replica,
    readUrl: `http://127.0.0.1:${counter.port}`,
    answered: () => answered,
    holdUp() {
      held = true
      for (const far of fromPrimary) far.pause()
    },
    letThrough() {
      held = false
      for (const far of fromPrimary) far.resume()
    },
    async [Symbol.asyncDispose]() {
      await counter.stop(true)
      await replica[Symbol.asyncDispose]()
      network.close()
      await primary[Symbol.asyncDispose]()
    },
  }
}
