import type { Calendar, Instant } from '@channelling/contract'
import type { Identity, Log } from '@channelling/http'
import type { Database } from '@channelling/schema'
import type { SessionAnswers } from './session-answers'

/** What the catalogue needs from whoever runs it. */
export interface CatalogueDependencies {
  database: Database
  calendar: Calendar
  clock: () => Instant
  /** Of the signed identities that the gateway sends. */
  secret: string
  log: Log
  /** Kept answers, where every writer is in this process and tells them of its commits. */
  answers?: SessionAnswers
  /** What it does without, for the moment, at a cost: by name. */
  degraded?: () => string[]
  /** What sessions published from now on are priced in, `LKR`. */
  currency: string
}

/** What endpoints ask from, each only for what it uses. */
export interface Dependencies extends Omit<CatalogueDependencies, 'secret' | 'log' | 'degraded'> {
  identity: Identity
}
