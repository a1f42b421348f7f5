import type { Calendar } from '@channelling/contract'
import type { Log } from '@channelling/http'
import { createFeed, createHeartbeats, jsonSocket, readPosition, type Socket } from '@channelling/notifications'
import { overClient } from '@channelling/schema'
import type { DatabaseServer } from './database'

/** A replica of notifications: its feed and the sockets that it has. */
export async function startNotifications({
  server,
  calendar,
  log,
  heartbeatMs,
}: {
  server: DatabaseServer
  calendar: Calendar
  log: Log
  heartbeatMs: number
}) {
  const database = overClient(server.connect())
  const feed = createFeed({ database, calendar, log })
  const elapsed = () => performance.now()
  const heartbeats = createHeartbeats({ everyMs: heartbeatMs, elapsed })
  await feed.start()
  return {
    wake: feed.wake,
    /** Lets a socket in that asked for this address. */
    open(url: string, socket: Socket) {
      const asked = new URL(url).searchParams
      const sessions = (asked.get('sessionId') ?? '').split(',').filter(Boolean).map(Number)
      const events = jsonSocket({
        feed,
        log,
        caller: { clientId: 1, access: 'all' },
        from: readPosition(asked.get('from') ?? ''),
        topics: { sessions, consultants: [] },
        heartbeats,
        elapsed,
      })
      events.open(socket)
      return events
    },
    async close() {
      await feed.close()
      await database.close()
    },
  }
}

export type Notifications = Awaited<ReturnType<typeof startNotifications>>
