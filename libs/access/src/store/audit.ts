import type { Instant, Paging } from '@channelling/contract'
import type { Database, Statement } from '@channelling/schema'

/** Who acts, when and from where. `clientId` and `keyId` are null for the command line. */
export interface Act {
  at: Instant
  clientId: number | null
  keyId: number | null
  /** An address, or `command line`. */
  origin: string
}

export interface AuditRecord extends Act {
  id: number
  action: AuditAction
  /** `client 3`, `key 12`. */
  subject: string
}

export type AuditAction =
  | 'client.created'
  | 'client.changed'
  | 'client.disabled'
  | 'client.enabled'
  | 'key.issued'
  | 'key.activated'
  | 'key.deactivated'
  | 'key.retired'
  | 'key.rotated'

const columns = 'at, client_id, key_id, action, subject, origin'

/** Notes an act on what the statement before it changed; nothing when that changed nothing. */
export const auditChange = (act: Act, action: AuditAction, subject: string): Statement => ({
  sql: `INSERT INTO audit (${columns}) SELECT ?, ?, ?, ?, ?, ? WHERE changes() > 0`,
  args: [act.at, act.clientId, act.keyId, action, subject, act.origin],
})

/** Notes the creation of the row that the statement before it inserted; nothing when that inserted nothing. */
export const auditCreation = (act: Act, action: AuditAction, kind: 'client' | 'key'): Statement => ({
  sql: `INSERT INTO audit (${columns}) SELECT ?, ?, ?, ?, ? || ' ' || last_insert_rowid(), ? WHERE changes() > 0`,
  args: [act.at, act.clientId, act.keyId, action, kind, act.origin],
})

/** The acts from one instant to another, both included, newest first. */
export async function listAudit(
  database: Database,
  { from, to, page, size }: { from: Instant; to: Instant } & Paging,
): Promise<{ records: AuditRecord[]; total: number }> {
  const [records, counted] = await database.readAll([
    {
      sql: `SELECT id, at, client_id AS clientId, key_id AS keyId, action, subject, origin FROM audit
        WHERE at BETWEEN ? AND ? ORDER BY at DESC, id DESC LIMIT ? OFFSET ?`,
      args: [from, to, size, page * size],
    },
    { sql: 'SELECT count(*) AS total FROM audit WHERE at BETWEEN ? AND ?', args: [from, to] },
  ])
  return { records: records as unknown as AuditRecord[], total: counted?.[0]?.total as number }
}
