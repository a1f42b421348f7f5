import { dial, type RawAnswer } from './raw'
import type { Server } from './server'

/** The headers by which a request asks to become a socket. */
export const handshake = {
  connection: 'Upgrade',
  upgrade: 'websocket',
  'sec-websocket-version': '13',
  'sec-websocket-key': 'dGhlIHNhbXBsZSBub25jZQ==',
}

/** What is answered to a request whose answer may be a socket, which is gone with it. */
export async function headOf(
  { port }: Pick<Server, 'port'>,
  path: string,
  { method = 'GET', headers = {} }: { method?: string; headers?: Record<string, string> } = {},
): Promise<RawAnswer> {
  using connection = await dial(port)
  const lines = Object.entries({ host: 'localhost', ...headers }).map(([name, value]) => `${name}: ${value}`)
  connection.send(`${[`${method} ${path} HTTP/1.1`, ...lines].join('\r\n')}\r\n\r\n`)
  const [answer] = (await connection.hear(1, 5_000)).answers
  if (!answer) throw new Error(`${method} ${path} was not answered`)
  return answer
}
