import { connect, createServer, type Socket } from 'node:net'

/** A network in front of a server that can be shut: connections break, and nobody new is let through. */
export interface Gate {
  url: string
  shut(): void
  open(): void
  [Symbol.asyncDispose](): Promise<void>
}

/** @param to the URL of the server */
export async function startGate(to: string): Promise<Gate> {
  const { port: far, hostname } = new URL(to)
  const passing = new Set<Socket>()
  let isShut = false
  const listener = createServer((near) => {
    if (isShut) return void near.destroy()
    const server = connect(Number(far), hostname)
    const end = () => {
      passing.delete(near)
      near.destroy()
      server.destroy()
    }
    for (const side of [near, server]) side.on('error', () => {}).on('close', end)
    passing.add(near)
    near.pipe(server)
    server.pipe(near)
  })
  await new Promise<void>((resolve) => listener.listen(0, '127.0.0.1', resolve))
  const { port } = listener.address() as { port: number }
  const shut = () => {
    isShut = true
    for (const near of passing) near.destroy()
  }
  return {
    url: `http://127.0.0.1:${port}`,
    shut,
    open() {
      isShut = false
    },
    async [Symbol.asyncDispose]() {
      shut()
      listener.close()
    },
  }
}
