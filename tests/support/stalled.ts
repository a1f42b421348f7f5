import { readFileSync } from 'node:fs'
import { opened } from './raw'

/** A subscriber that shook hands and never reads again. */
export interface Stalled {
  /** Bytes that the server's system holds for it; null once the server has let it go. */
  held(): number | null
  [Symbol.dispose](): void
}

/** Of /proc/net/tcp. */
const ESTABLISHED = '01'
const hexPort = (port: number) => port.toString(16).toUpperCase().padStart(4, '0')

/** Connects to the JSON socket of a server of this machine. */
export async function stall({
  port,
  key,
  query = '',
}: {
  port: number
  key: string
  query?: string
}): Promise<Stalled> {
  const socket = await opened(port)
  socket.on('error', () => {})
  const lines = [
    `GET /ws/notify${query} HTTP/1.1`,
    'Host: localhost',
    'Connection: Upgrade',
    'Upgrade: websocket',
    'Sec-WebSocket-Version: 13',
    'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==',
    'Sec-WebSocket-Protocol: channelling.v1+json',
    `Finance: ${key}`,
  ]
  socket.write(`${lines.join('\r\n')}\r\n\r\n`)
  const head = await new Promise<string>((resolve) => {
    socket.once('data', (chunk: Buffer) => {
      socket.pause()
      resolve(chunk.toString('latin1'))
    })
  })
  if (!head.startsWith('HTTP/1.1 101 ')) throw new Error(`It was not let in: ${head}`)
  const sides = `:${hexPort(port)} 0100007F:${hexPort(socket.localPort!)}`
  return {
    held() {
      const line = readFileSync('/proc/net/tcp', 'latin1')
        .split('\n')
        .find((line) => line.includes(sides))
      const [, state, queues] = line?.slice(line.indexOf(sides) + sides.length).split(' ') ?? []
      return state === ESTABLISHED ? Number.parseInt(queues!.split(':')[0]!, 16) : null
    },
    [Symbol.dispose]: () => void socket.destroy(),
  }
}
