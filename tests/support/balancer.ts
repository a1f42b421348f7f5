import { connect, createServer, type Socket } from 'node:net'
import type { Server } from './server'

/** A balancer of connections before several gateways, as there are in front of every cluster: it looks at readiness, and at nothing inside. */
export interface Balancer {
  port: number
  url: string
  /** Whether it sends new connections there. */
  sendsTo(server: Balanced): boolean
  [Symbol.asyncDispose](): Promise<void>
}

type Balanced = Pick<Server, 'port' | 'url'>

const LOOK_EVERY_MS = 100

export async function startBalancer(servers: readonly Balanced[]): Promise<Balancer> {
  const ready = new Set<Balanced>(servers)
  const open = new Set<Socket>()
  let turn = 0

  async function look(): Promise<void> {
    await Promise.all(
      servers.map(async (server) => {
        const headers = { connection: 'close' }
        const answer = await fetch(`${server.url}/health/ready`, { headers, signal: AbortSignal.timeout(2000) }).catch(
          () => null,
        )
        if (answer?.ok) ready.add(server)
        else ready.delete(server)
      }),
    )
    timer = setTimeout(look, LOOK_EVERY_MS)
  }
  let timer = setTimeout(look, 0)

  const listener = createServer((near) => {
    const among = [...ready]
    const target = among[turn++ % among.length]
    if (!target) return void near.destroy()
    const far = connect(target.port, '127.0.0.1')
    open.add(near)
    const end = () => {
      open.delete(near)
      near.destroy()
      far.destroy()
    }
    for (const side of [near, far]) side.on('error', () => {}).on('close', end)
    near.pipe(far)
    far.pipe(near)
  })
  await new Promise<void>((resolve) => listener.listen(0, '127.0.0.1', resolve))
  const { port } = listener.address() as { port: number }
  return {
    port,
    url: `http://127.0.0.1:${port}`,
    sendsTo: (server) => ready.has(server),
    async [Symbol.asyncDispose]() {
      clearTimeout(timer)
      for (const near of open) near.destroy()
      listener.close()
    },
  }
}
