import { described, type Log } from '@channelling/http'
import { pause } from '@channelling/schema'
import type { NatsConnection } from '@nats-io/transport-node'
import { addressesOf } from './addresses'

/** How long an attempt to connect may take. */
const CONNECT_MS_MAX = 2000
const RETRY_MS = 500
/** How often a connection that is silent is asked, and after how many questions without an answer it is given up. */
const ASK_EVERY_MS = 1000
const UNANSWERED_MAX = 2

/** A connection to NATS that comes and goes; nobody waits for it. */
export interface Connection {
  /** The connection while there is one. */
  current(): NatsConnection | null
  /** Calls back with the connection that there is, and with each one to come. */
  onConnected(call: (connection: NatsConnection) => void): void
  close(): Promise<void>
}

/** Connects to NATS, again and again, until it is closed. Each going and coming is one line of the log. */
export function keepConnected(servers: readonly string[], log: Log): Connection {
  const listeners: ((connection: NatsConnection) => void)[] = []
  const closing = new AbortController()
  let current: NatsConnection | null = null
  let told: 'nothing' | 'there' | 'away' = 'nothing'
  const kept = keep()

  async function keep(): Promise<void> {
    while (!closing.signal.aborted) {
      const connection = await attempt()
      if (connection) {
        await until(connection)
        current = null
        if (closing.signal.aborted) return
        tellAway()
      }
      await pause(RETRY_MS, closing.signal)
    }
  }

  async function attempt(): Promise<NatsConnection | null> {
    try {
      // only here: who has no NATS does without its client, and starts the sooner
      const { connect } = await import('@nats-io/transport-node')
      return await connect({
        ...addressesOf(servers),
        name: 'channelling',
        timeout: CONNECT_MS_MAX,
        pingInterval: ASK_EVERY_MS,
        maxPingOut: UNANSWERED_MAX,
        // what the client would send once it is back has been seen by then without it
        reconnect: false,
        noEcho: true,
        noAsyncTraces: true,
      })
    } catch (error) {
      tellAway(error)
      return null
    }
  }

  async function until(connection: NatsConnection): Promise<void> {
    if (closing.signal.aborted) return connection.close()
    current = connection
    if (told === 'away') log.info('NATS is back')
    told = 'there'
    for (const call of listeners) call(connection)
    const ended = () => void connection.close()
    closing.signal.addEventListener('abort', ended)
    await connection.closed()
    closing.signal.removeEventListener('abort', ended)
  }

  function tellAway(error?: unknown): void {
    if (told === 'away' || closing.signal.aborted) return
    told = 'away'
    log.warn(
      error ? described(error) : {},
      'NATS is away: hints and the event stream wait for it, everything else goes on',
    )
  }

  return {
    current: () => (current?.isClosed() ? null : current),
    onConnected(call) {
      listeners.push(call)
      if (current) call(current)
    },
    async close() {
      closing.abort()
      await kept
    },
  }
}
