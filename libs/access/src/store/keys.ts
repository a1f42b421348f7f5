import { type Instant, type Paging, Refusal, type Scope } from '@channelling/contract'
import type { Database } from '@channelling/schema'
import { hashKey, last4Of, mintKey, prefixOf } from '../key'
import { type Act, auditChange, auditCreation } from './audit'
import { scopesOf } from './known-key'
import { lastAdminKey, leavesAnAdminKey } from './last-admin'

/** What is kept of a key; never the key itself. */
export interface KeyRecord {
  id: number
  clientId: number
  /** The name of its client. */
  client: string
  prefix: string
  last4: string
  scopes: Scope[]
  createdAt: Instant
  /** The first instant at which it no longer works. */
  expiresAt: Instant
  active: boolean
  /** The first instant at which it is retired; ahead of now while a rotation overlaps. */
  retiredAt: Instant | null
  lastUsedAt: Instant | null
}

/** A key as it is shown, once. */
export interface IssuedKey extends KeyRecord {
  key: string
}

type Row = Omit<KeyRecord, 'scopes' | 'active'> & { scopes: string; active: number }

const columns = `id, client_id AS clientId, (SELECT name FROM client WHERE client.id = api_key.client_id) AS client, prefix, last4,
  scopes, created_at AS createdAt, expires_at AS expiresAt, active, retired_at AS retiredAt, last_used_at AS lastUsedAt`

function recordOf(row: unknown): KeyRecord {
  const { scopes, active, ...rest } = row as Row
  return { ...rest, scopes: scopesOf(scopes), active: active === 1 }
}

/** The key of the request, not the key that makes it, is retired: that is a conflict, not a failed authentication. */
const retiredForGood = () =>
  new Refusal('key_retired', 'This key was retired and does not come back', { kind: 'conflict' })

/**
 * Issues a key. The caller sees to it that `expiresAt` is ahead of `act.at`.
 * @throws Refusal `client_not_found`
 */
export async function issueKey(
  database: Database,
  { clientId, scopes, expiresAt, active }: Pick<KeyRecord, 'clientId' | 'scopes' | 'expiresAt' | 'active'>,
  act: Act,
): Promise<IssuedKey> {
  const key = mintKey()
  const [inserted] = await database.write([
    {
      sql: `INSERT INTO api_key (client_id, hash, prefix, last4, scopes, created_at, expires_at, active)
        SELECT id, ?, ?, ?, ?, ?, ?, ? FROM client WHERE id = ? RETURNING ${columns}`,
      args: [
        hashKey(key),
        prefixOf(key),
        last4Of(key),
        JSON.stringify([...new Set(scopes)]),
        act.at,
        expiresAt,
        active ? 1 : 0,
        clientId,
      ],
    },
    auditCreation(act, 'key.issued', 'key'),
  ])
  const [row] = inserted?.rows ?? []
  if (!row) throw new Refusal('client_not_found', 'There is no such API client')
  return { ...recordOf(row), key }
}

/** @throws Refusal `key_not_found` */
export async function findKey(database: Database, id: number): Promise<KeyRecord> {
  const [row] = await database.read(`SELECT ${columns} FROM api_key WHERE id = ?`, [id])
  if (!row) throw new Refusal('key_not_found', 'There is no such key')
  return recordOf(row)
}

/** The keys of one client or of all, newest first. */
export async function listKeys(
  database: Database,
  { clientId, page, size }: { clientId?: number } & Paging,
): Promise<{ keys: KeyRecord[]; total: number }> {
  const which = clientId === undefined ? '' : 'WHERE client_id = ?'
  const args = clientId === undefined ? [] : [clientId]
  const [rows, counted] = await database.readAll([
    {
      sql: `SELECT ${columns} FROM api_key ${which} ORDER BY id DESC LIMIT ? OFFSET ?`,
      args: [...args, size, page * size],
    },
    { sql: `SELECT count(*) AS total FROM api_key ${which}`, args },
  ])
  return { keys: (rows ?? []).map(recordOf), total: counted?.[0]?.total as number }
}

/** @throws Refusal `key_not_found`, `key_retired` */
export async function activateKey(database: Database, id: number, act: Act): Promise<KeyRecord> {
  const [updated] = await database.write([
    {
      sql: `UPDATE api_key SET active = 1 WHERE id = ?1 AND (retired_at IS NULL OR retired_at > ?2) RETURNING ${columns}`,
      args: [id, act.at],
    },
    auditChange(act, 'key.activated', `key ${id}`),
  ])
  const [row] = updated?.rows ?? []
  if (row) return recordOf(row)
  await findKey(database, id)
  throw retiredForGood()
}

/** @throws Refusal `key_not_found`, `key_retired`, `last_admin_key` */
export async function deactivateKey(database: Database, id: number, act: Act): Promise<KeyRecord> {
  const [updated] = await database.write([
    {
      sql: `UPDATE api_key SET active = 0 WHERE id = ?1 AND (retired_at IS NULL OR retired_at > ?2)
        AND ${leavesAnAdminKey('k.id = ?1', '?2')} RETURNING ${columns}`,
      args: [id, act.at],
    },
    auditChange(act, 'key.deactivated', `key ${id}`),
  ])
  const [row] = updated?.rows ?? []
  if (row) return recordOf(row)
  throw isRetired(await findKey(database, id), act.at) ? retiredForGood() : lastAdminKey()
}

/**
 * Takes a key out of use for good, from `act.at` on. Retiring a retired one changes nothing.
 * @throws Refusal `key_not_found`, `last_admin_key`
 */
export async function retireKey(database: Database, id: number, act: Act): Promise<KeyRecord> {
  const [updated] = await database.write([
    {
      sql: `UPDATE api_key SET retired_at = ?2 WHERE id = ?1 AND (retired_at IS NULL OR retired_at > ?2)
        AND ${leavesAnAdminKey('k.id = ?1', '?2')} RETURNING ${columns}`,
      args: [id, act.at],
    },
    auditChange(act, 'key.retired', `key ${id}`),
  ])
  const [row] = updated?.rows ?? []
  if (row) return recordOf(row)
  const found = await findKey(database, id)
  if (!isRetired(found, act.at)) throw lastAdminKey()
  return found
}

/**
 * Issues a key in place of another, which is retired `overlapMs` later, or sooner where that is settled already. The new one
 * has the old one's client, scopes and switch, so an admin key follows an admin key; without `expiresAt` it is given as long
 * a life as the old one was. The caller sees to it that `expiresAt` is ahead of `act.at`. The last admin key is not made to expire
 * sooner by way of its successor.
 * @throws Refusal `key_not_found`, `key_retired`, `last_admin_key`
 */
export async function rotateKey(
  database: Database,
  id: number,
  { overlapMs, expiresAt }: { overlapMs: number; expiresAt?: Instant },
  act: Act,
): Promise<IssuedKey> {
  const key = mintKey()
  const [inserted] = await database.write([
    {
      sql: `INSERT INTO api_key (client_id, hash, prefix, last4, scopes, created_at, expires_at, active)
        SELECT client_id, ?3, ?4, ?5, scopes, ?2, coalesce(?6, ?2 + expires_at - created_at), active FROM api_key
        WHERE id = ?1 AND (retired_at IS NULL OR retired_at > ?2)
          AND (?6 IS NULL OR ?6 >= expires_at OR ${leavesAnAdminKey('k.id = ?1', '?2')}) RETURNING ${columns}`,
      args: [id, act.at, hashKey(key), prefixOf(key), last4Of(key), expiresAt ?? null],
    },
    auditCreation(act, 'key.issued', 'key'),
    {
      sql: `UPDATE api_key SET retired_at = min(coalesce(retired_at, ?3), ?3)
        WHERE id = ?1 AND (retired_at IS NULL OR retired_at > ?2) AND changes() > 0`,
      args: [id, act.at, act.at + overlapMs],
    },
    auditChange(act, 'key.rotated', `key ${id}`),
  ])
  const [row] = inserted?.rows ?? []
  if (row) return { ...recordOf(row), key }
  throw isRetired(await findKey(database, id), act.at) ? retiredForGood() : lastAdminKey()
}

const isRetired = (key: KeyRecord, now: Instant) => key.retiredAt !== null && key.retiredAt <= now
