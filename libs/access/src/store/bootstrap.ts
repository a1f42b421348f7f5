import { type Instant, Refusal, scopes } from '@channelling/contract'
import type { Database } from '@channelling/schema'
import { hashKey, isWellFormed, last4Of, prefixOf } from '../key'
import { auditCreation } from './audit'

const LIFE_YEARS = 10

/**
 * Installs a key that the operator chose, with every scope, under a client `Bootstrap` that sees everything; it expires
 * after ten years. A key that was installed before, whatever became of it since, is left as it is.
 * @throws Refusal `invalid_request` when it is not a whole key
 */
export async function installBootstrapKey(database: Database, key: string, clock: () => Instant): Promise<void> {
  if (!isWellFormed(key)) {
    throw new Refusal(
      'invalid_request',
      'BOOTSTRAP_KEY must be a whole key: chk_live_ and 36 characters, the last six its checksum',
    )
  }
  const hash = hashKey(key)
  const now = clock()
  const act = { at: now, clientId: null, keyId: null, origin: 'settings' }
  const expiresAt = new Date(now).setUTCFullYear(new Date(now).getUTCFullYear() + LIFE_YEARS)
  const isNew = 'NOT EXISTS (SELECT 1 FROM api_key WHERE hash = ?1)'
  await database.write([
    {
      sql: `INSERT INTO client (name, access, created_at) SELECT 'Bootstrap', 'all', ?2
        WHERE ${isNew} AND NOT EXISTS (SELECT 1 FROM client WHERE name = 'Bootstrap')`,
      args: [hash, now],
    },
    auditCreation(act, 'client.created', 'client'),
    {
      sql: `INSERT INTO api_key (client_id, hash, prefix, last4, scopes, created_at, expires_at, active)
        SELECT id, ?1, ?2, ?3, ?4, ?5, ?6, 1 FROM client WHERE name = 'Bootstrap' AND ${isNew}`,
      args: [hash, prefixOf(key), last4Of(key), JSON.stringify(scopes), now, expiresAt],
    },
    auditCreation(act, 'key.issued', 'key'),
  ])
}
