import { createHash } from 'node:crypto'
import type { Access, Caller, Instant, Scope } from '@channelling/contract'
import type { Database } from '@channelling/schema'
import { ticket } from '@channelling/schema/notifications'
import { eq, lte } from 'drizzle-orm'

/** A ticket as it was issued: whom it stands for, and the first instant at which it is no longer good. */
export interface IssuedTicket {
  caller: Caller
  expiresAt: Instant
}

interface Row {
  client_id: number
  key_id: number
  scopes: string
  access: string
  expires_at: number
}

/** Only this is kept, so that who reads the database cannot connect with what it holds. */
const hashOf = (secret: string) => createHash('sha256').update(secret).digest('hex')

/** Keeps a new ticket, and sweeps out those that have expired. */
export async function saveTicket(
  database: Database,
  secret: string,
  { caller, expiresAt }: IssuedTicket,
  now: Instant,
): Promise<void> {
  await database.write([
    database.query.delete(ticket).where(lte(ticket.expiresAt, now)),
    database.query.insert(ticket).values({
      hash: hashOf(secret),
      clientId: caller.clientId,
      keyId: caller.keyId,
      scopes: JSON.stringify(caller.scopes),
      access: caller.access,
      expiresAt,
    }),
  ])
}

/** Takes a ticket out for good. Of several at once the database gives it to one; the others, and the unknown, get null. */
export async function takeTicket(database: Database, secret: string): Promise<IssuedTicket | null> {
  const taken = database.query
    .delete(ticket)
    .where(eq(ticket.hash, hashOf(secret)))
    .returning()
  const [written] = await database.write([taken])
  const row = written!.rows[0] as unknown as Row | undefined
  if (!row) return null
  return {
    caller: {
      clientId: row.client_id,
      keyId: row.key_id,
      access: row.access as Access,
      scopes: JSON.parse(row.scopes) as Scope[],
    },
    expiresAt: row.expires_at,
  }
}
