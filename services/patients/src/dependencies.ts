import type { Calendar, Instant } from '@channelling/contract'
import type { Identity, Log } from '@channelling/http'
import type { Database } from '@channelling/schema'
import type { Region } from './rules/phone'

/** What the endpoints stand on; each asks for what it uses. */
export interface Dependencies {
  database: Database
  calendar: Calendar
  clock: () => Instant
  identity: Identity
  /** Where phone numbers without a country code are at home. */
  region: Region
  /** A PHN that nobody is likely to have yet. */
  newPhn: () => string
}

/** What a process hands in. */
export interface PatientsOptions {
  database: Database
  calendar: Calendar
  clock: () => Instant
  /** The secret by which the gateway signs who calls. */
  secret: string
  log: Log
  /** `LK` by default. */
  region?: Region
  newPhn?: () => string
}
