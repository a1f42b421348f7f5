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
  /** Told of a patient that may have changed, before that is acknowledged: for whoever keeps what was read of it. */
  onChange: (id: number) => void
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
  onChange?: (id: number) => void
}
