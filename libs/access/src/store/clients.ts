import { type Access, type Instant, type Paging, Refusal } from '@channelling/contract'
import { type Database, DatabaseFault, type Statement, type Written } from '@channelling/schema'
import { type Act, auditChange, auditCreation } from './audit'
import { lastAdminKey, leavesAnAdminKey } from './last-admin'

/** An application that integrates with the hospital. */
export interface ClientRecord {
  id: number
  name: string
  contact: string | null
  access: Access
  createdAt: Instant
  disabledAt: Instant | null
}

const columns = 'id, name, contact, access, created_at AS createdAt, disabled_at AS disabledAt'

const clientNotFound = () => new Refusal('client_not_found', 'There is no such API client')

/** @throws Refusal `already_exists` */
export async function createClient(
  database: Database,
  { name, contact, access }: Pick<ClientRecord, 'name' | 'contact' | 'access'>,
  act: Act,
): Promise<ClientRecord> {
  const [inserted] = await writeNamed(database, name, [
    {
      sql: `INSERT INTO client (name, contact, access, created_at) VALUES (?, ?, ?, ?) RETURNING ${columns}`,
      args: [name, contact, access, act.at],
    },
    auditCreation(act, 'client.created', 'client'),
  ])
  return inserted?.rows[0] as unknown as ClientRecord
}

/** @throws Refusal `client_not_found` */
export async function findClient(database: Database, id: number): Promise<ClientRecord> {
  const [found] = await database.read<ClientRecord>(`SELECT ${columns} FROM client WHERE id = ?`, [id])
  if (!found) throw clientNotFound()
  return found
}

/** The clients in the order in which they were created. */
export async function listClients(
  database: Database,
  { page, size }: Paging,
): Promise<{ clients: ClientRecord[]; total: number }> {
  const [clients, counted] = await database.readAll([
    { sql: `SELECT ${columns} FROM client ORDER BY id LIMIT ? OFFSET ?`, args: [size, page * size] },
    { sql: 'SELECT count(*) AS total FROM client', args: [] },
  ])
  return { clients: clients as unknown as ClientRecord[], total: counted?.[0]?.total as number }
}

/**
 * Changes what is given and leaves the rest.
 * @throws Refusal `client_not_found`, `already_exists`
 */
export async function updateClient(
  database: Database,
  id: number,
  { name, contact, access }: Partial<Pick<ClientRecord, 'name' | 'contact' | 'access'>>,
  act: Act,
): Promise<ClientRecord> {
  const [updated] = await writeNamed(database, name ?? '', [
    {
      sql: `UPDATE client SET name = coalesce(?, name), contact = iif(?, ?, contact), access = coalesce(?, access)
        WHERE id = ? RETURNING ${columns}`,
      args: [name ?? null, contact === undefined ? 0 : 1, contact ?? null, access ?? null, id],
    },
    auditChange(act, 'client.changed', `client ${id}`),
  ])
  const [client] = updated?.rows ?? []
  if (!client) throw clientNotFound()
  return client as unknown as ClientRecord
}

/**
 * Switches all keys of a client off. Disabling a disabled one changes nothing.
 * @throws Refusal `client_not_found`, `last_admin_key`
 */
export async function disableClient(database: Database, id: number, act: Act): Promise<ClientRecord> {
  const [updated] = await database.write([
    {
      sql: `UPDATE client SET disabled_at = ?2 WHERE id = ?1 AND disabled_at IS NULL
        AND ${leavesAnAdminKey('k.client_id = ?1', '?2')} RETURNING ${columns}`,
      args: [id, act.at],
    },
    auditChange(act, 'client.disabled', `client ${id}`),
  ])
  const [client] = updated?.rows ?? []
  if (client) return client as unknown as ClientRecord
  const found = await findClient(database, id)
  if (found.disabledAt === null) throw lastAdminKey()
  return found
}

/**
 * Lets the keys of a client work again. Enabling an enabled one changes nothing.
 * @throws Refusal `client_not_found`
 */
export async function enableClient(database: Database, id: number, act: Act): Promise<ClientRecord> {
  await database.write([
    { sql: 'UPDATE client SET disabled_at = NULL WHERE id = ? AND disabled_at IS NOT NULL', args: [id] },
    auditChange(act, 'client.enabled', `client ${id}`),
  ])
  return findClient(database, id)
}

async function writeNamed(database: Database, name: string, statements: Statement[]): Promise<Written[]> {
  try {
    return await database.write(statements)
  } catch (error) {
    if (!(error instanceof DatabaseFault && error.isDuplicate('client.name'))) throw error
    const [existing] = await database.read<{ id: number }>('SELECT id FROM client WHERE name = ?', [name])
    throw new Refusal('already_exists', 'There is a client of that name', { existing: { id: existing?.id ?? 0 } })
  }
}
