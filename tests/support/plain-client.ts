import { existsSync } from 'node:fs'
import { aProcess } from './process'
import type { Server } from './server'

/** A WebSocket client that neither we nor Bun wrote, in a process of its own. */
export interface PlainClient {
  name: string
  /** How it presents itself when it runs. */
  says: RegExp
  there: () => boolean
  command: readonly string[]
}

const script = (name: string) => `${import.meta.dir}/plain-clients/${name}`

/** Debian's own: another one in the path does not see Debian's packages. */
const PYTHON = '/usr/bin/python3'

export const hasPythonClient = (): boolean =>
  existsSync(PYTHON) && Bun.spawnSync([PYTHON, '-c', 'import websocket; websocket.create_connection']).exitCode === 0

export const plainClients: readonly [required: PlainClient, ...others: PlainClient[]] = [
  {
    name: 'the ws package on Node',
    says: /^ws \d+\.\d+\.\d+ on node$/,
    there: () => Bun.which('node') !== null,
    command: ['node', script('ws.mjs')],
  },
  {
    name: 'Debian’s python3-websocket',
    says: /^websocket-client \d+\.\d+\.\d+ on python$/,
    there: hasPythonClient,
    command: [PYTHON, script('websocket_client.py')],
  },
]

/** One that is connected to the text socket of a server, and tells what it is sent. */
export interface Connected {
  /** Its kind and its bytes in hexadecimal for each frame so far, once there are as many as this. */
  got(count: number): Promise<string[]>
  [Symbol.asyncDispose](): Promise<void>
}

const CONNECTED_MS_MAX = 20_000
const GOT_MS_MAX = 10_000

/** @throws Error when it does not get in, or is not who it should be */
export async function connectPlain(
  { name, says, command }: PlainClient,
  { url, key }: Pick<Server, 'url' | 'key'>,
): Promise<Connected> {
  const client = aProcess(() => ({
    name,
    command: [...command, `${url.replace('http', 'ws')}/ws/notify`, key],
    environment: { PATH: process.env.PATH },
    isReady: (output) => output.includes('\n'),
    startMsMax: CONNECTED_MS_MAX,
  }))
  await client.start()
  /** Whole lines. */
  const lines = () => client.output().split('\n').slice(0, -1)
  if (!says.test(lines()[0]!)) {
    await client.kill()
    throw new Error(`In place of ${name} there was: ${client.output()}`)
  }
  return {
    async got(count) {
      const deadline = performance.now() + GOT_MS_MAX
      while (lines().length <= count && performance.now() < deadline) await Bun.sleep(5)
      return lines().slice(1)
    },
    [Symbol.asyncDispose]: client.kill,
  }
}
