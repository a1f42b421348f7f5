import { connect, createServer } from 'node:net'

/** A network in front of a database server that loses what it is told to lose, each once. */
export interface LostAnswers {
  url: string
  /** Loses the answer to the next request that holds this text: what was asked for has been done by then. */
  loseAnswerTo(text: string): void
  /** Loses the next request that holds this text: nothing is done. */
  loseRequestWith(text: string): void
  /** How many were lost. */
  lost(): number
  [Symbol.asyncDispose](): Promise<void>
}

/**
 * It understands Hrana in JSON over a WebSocket; what else is said it passes on. A lost request or answer breaks the connection, as it would.
 * @param to the URL of the server
 */
export async function startLostAnswers(to: string): Promise<LostAnswers> {
  const { port: far, hostname } = new URL(to)
  let wanted: { text: string; what: 'request' | 'answer' } | null = null
  let lost = 0
  const listener = createServer((near) => {
    const server = connect(Number(far), hostname)
    /** Found in the answer that is to be lost. */
    let losing: string | null = null
    const end = () => {
      near.destroy()
      server.destroy()
    }
    for (const side of [near, server]) side.on('error', () => {}).on('close', end)
    const messages = createMessages()
    near.on('data', (chunk: Buffer) => {
      const asked = messages.add(chunk).find((message) => wanted && message.includes(wanted.text))
      if (asked && wanted) {
        const { what } = wanted
        wanted = null
        lost++
        if (what === 'request') return end()
        losing = `"request_id":${(JSON.parse(asked) as { request_id: number }).request_id},`
      }
      server.write(chunk)
    })
    let answered = ''
    server.on('data', (chunk: Buffer) => {
      if (losing === null) return near.write(chunk)
      answered += chunk.toString('latin1')
      if (answered.includes(losing)) end()
    })
  })
  await new Promise<void>((resolve) => listener.listen(0, '127.0.0.1', resolve))
  const { port } = listener.address() as { port: number }
  return {
    url: `http://127.0.0.1:${port}`,
    loseAnswerTo(text) {
      wanted = { text, what: 'answer' }
    },
    loseRequestWith(text) {
      wanted = { text, what: 'request' }
    },
    lost: () => lost,
    async [Symbol.asyncDispose]() {
      listener.close()
    },
  }
}

/** The messages of a client on a WebSocket, out of its frames as they come: masked, of any size, in as many pieces as the network likes. */
export function createMessages() {
  let rest = Buffer.alloc(0)
  let message = ''
  let upgraded = false
  return {
    add(chunk: Buffer): string[] {
      rest = Buffer.concat([rest, chunk])
      if (!upgraded) {
        const head = rest.indexOf('\r\n\r\n')
        if (head === -1) return []
        upgraded = /^upgrade: websocket/im.test(rest.subarray(0, head).toString())
        rest = upgraded ? rest.subarray(head + 4) : Buffer.alloc(0)
        if (!upgraded) return []
      }
      const whole: string[] = []
      for (;;) {
        if (rest.length < 2) return whole
        const short = rest[1]! & 0x7f
        const extra = short === 126 ? 2 : short === 127 ? 8 : 0
        const begins = 2 + extra + 4
        if (rest.length < begins) return whole
        const size = extra === 2 ? rest.readUInt16BE(2) : extra === 8 ? Number(rest.readBigUInt64BE(2)) : short
        if (rest.length < begins + size) return whole
        const mask = rest.subarray(begins - 4, begins)
        const data = Buffer.from(rest.subarray(begins, begins + size).map((byte, index) => byte ^ mask[index % 4]!))
        const isLast = (rest[0]! & 0x80) !== 0
        const isText = (rest[0]! & 0x0f) <= 1
        rest = rest.subarray(begins + size)
        if (!isText) continue
        message += data.toString()
        if (!isLast) continue
        whole.push(message)
        message = ''
      }
    },
  }
}
