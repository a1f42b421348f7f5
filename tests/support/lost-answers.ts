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

/** @param to the URL of the server */
export async function startLostAnswers(to: string): Promise<LostAnswers> {
  const { port: far, hostname } = new URL(to)
  let wanted: { text: string; what: 'request' | 'answer' } | null = null
  let lost = 0
  const listener = createServer((near) => {
    const server = connect(Number(far), hostname)
    let said = ''
    let losing = false
    const end = () => {
      near.destroy()
      server.destroy()
    }
    for (const side of [near, server]) side.on('error', () => {}).on('close', end)
    near.on('data', (chunk) => {
      if (wanted) {
        said = (said + chunk.toString('latin1')).slice(-chunk.length - wanted.text.length)
        if (said.includes(wanted.text)) {
          const { what } = wanted
          wanted = null
          said = ''
          lost++
          if (what === 'request') return end()
          losing = true
        }
      }
      server.write(chunk)
    })
    server.on('data', (chunk) => {
      if (losing) end()
      else near.write(chunk)
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
