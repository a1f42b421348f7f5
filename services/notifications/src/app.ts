import type { Calendar, Instant } from '@channelling/contract'
import { kit, type Log } from '@channelling/http'
import { type Database, readiness } from '@channelling/schema'
import { Elysia } from 'elysia'
import { issueTicketEndpoint } from './endpoints/issue-ticket'

export interface Dependencies {
  database: Database
  calendar: Calendar
  clock: () => Instant
  /** Signs the identity that the gateway hands on. */
  secret: string
  log: Log
  /** What it does without, for the moment, at a cost: by name. */
  degraded?: () => string[]
}

/** The requests of the notifications service. Its sockets are `sockets`, since they belong to the server that listens. */
export const createNotifications = (dependencies: Dependencies) =>
  new Elysia()
    .use(
      kit({
        name: 'notifications',
        about: 'Tells subscribers, as it happens, what becomes of bookings and sessions',
        log: dependencies.log,
        ready: readiness(dependencies.database),
        degraded: dependencies.degraded,
      }),
    )
    .use(issueTicketEndpoint(dependencies))
