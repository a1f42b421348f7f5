import type { Keyring } from '@channelling/access'
import type { Calendar, Instant } from '@channelling/contract'
import type { Identity, Log } from '@channelling/http'
import type { Database } from '@channelling/schema'

/** What a process hands in. */
export interface AdministrationDependencies {
  database: Database
  /** Told of every change, so that the next request already meets it. */
  keyring: Pick<Keyring, 'forget'>
  calendar: Calendar
  clock: () => Instant
  /** Of the signed identities that the gateway sends. */
  secret: string
  log: Log
}

/** What endpoints ask from, each only for what it uses. */
export interface Dependencies extends Omit<AdministrationDependencies, 'secret' | 'log'> {
  identity: Identity
}
