import { type Access, type Caller, type Instant, type Scope, scopes } from '@channelling/contract'
import type { Database } from '@channelling/schema'

/** What deciding about a key needs to know. */
export interface KnownKey {
  hash: string
  caller: Caller
  /** The first instant at which it no longer works. */
  expiresAt: Instant
  retiredAt: Instant | null
  active: boolean
  clientDisabled: boolean
}

interface Row {
  id: number
  clientId: number
  hash: string
  scopes: string
  expiresAt: number
  retiredAt: number | null
  active: number
  access: Access
  disabledAt: number | null
}

const select = `SELECT k.id, k.client_id AS clientId, k.hash, k.scopes, k.expires_at AS expiresAt, k.retired_at AS retiredAt, k.active,
  c.access, c.disabled_at AS disabledAt
  FROM api_key k JOIN client c ON c.id = k.client_id`

/** Reads a key by the SHA-256 of it. */
export async function readKnownKey(database: Database, hash: string): Promise<KnownKey | undefined> {
  const [row] = await database.read<Row>(`${select} WHERE k.hash = ?`, [hash])
  return row && knownKeyOf(row)
}

/** Reads keys by their ids; those that are not there are left out. */
export async function readKnownKeys(database: Database, ids: readonly number[]): Promise<KnownKey[]> {
  const rows = await database.read<Row>(`${select} WHERE k.id IN (SELECT value FROM json_each(?))`, [
    JSON.stringify(ids),
  ])
  return rows.map(knownKeyOf)
}

function knownKeyOf(row: Row): KnownKey {
  const caller = { clientId: row.clientId, keyId: row.id, access: row.access, scopes: scopesOf(row.scopes) }
  return {
    hash: row.hash,
    caller: Object.freeze(caller),
    expiresAt: row.expiresAt,
    retiredAt: row.retiredAt,
    active: row.active === 1,
    clientDisabled: row.disabledAt !== null,
  }
}

/** The scopes of a stored JSON array; one that this version does not know gives nothing. */
export function scopesOf(stored: string): Scope[] {
  const held = new Set<unknown>(JSON.parse(stored) as unknown[])
  return scopes.filter((scope) => held.has(scope))
}
