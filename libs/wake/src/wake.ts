import type { Log } from '@channelling/http'
import type { Database } from '@channelling/schema'
import type { NatsConnection } from '@nats-io/transport-node'
import { type Connection, keepConnected } from './connection'

/** Where processes hint at each other that something was committed. */
const HINT_SUBJECT = 'channelling.wake'

/**
 * Hints between processes that there is something new in the outbox. A hint holds nothing and may be lost: whoever waits for one
 * also looks by itself.
 */
export interface Wake {
  /** Tells the other processes. It returns at once and never fails; while NATS is away it does nothing. */
  hint(): void
  /** Calls back whenever another process hinted, and after every outage, since hints may have been lost in it. */
  onHint(call: () => void): void
  /** What does its work less well than it could: `nats` while it is away, nothing otherwise. */
  degraded(): string[]
  /** The connection itself, for the event stream; null without NATS. */
  connection: Connection | null
  close(): Promise<void>
}

/** @param servers where NATS is; none: nobody is told, and nobody hears */
export function createWake({ servers, log }: { servers: readonly string[] | undefined; log: Log }): Wake {
  if (!servers) return silent
  const connection = keepConnected(servers, log)
  const listeners: (() => void)[] = []
  const tellAll = () => {
    for (const call of listeners) call()
  }
  connection.onConnected((connected) => {
    listen(connected, tellAll)
    tellAll()
  })

  return {
    hint() {
      try {
        connection.current()?.publish(HINT_SUBJECT)
      } catch {
        // it went just now: whoever would have heard looks by itself
      }
    },
    onHint(call) {
      listeners.push(call)
    },
    degraded: () => (connection.current() ? [] : ['nats']),
    connection,
    close: () => connection.close(),
  }
}

/** The same database, after whose every write the other processes are told. */
export const hintingOnWrite = (database: Database, wake: Pick<Wake, 'hint'>): Database => ({
  ...database,
  async write(statements, options) {
    const written = await database.write(statements, options)
    wake.hint()
    return written
  },
})

function listen(connection: NatsConnection, call: () => void): void {
  connection.subscribe(HINT_SUBJECT, {
    callback: (error) => {
      if (!error) call()
    },
  })
}

/** Every process is alone, or looks by itself. */
const silent: Wake = {
  hint: () => {},
  onHint: () => {},
  degraded: () => [],
  connection: null,
  close: async () => {},
}
