import type { Caller, Instant } from '@channelling/contract'
import { requireScope } from '@channelling/http'
import type { Database } from '@channelling/schema'
import { looksLikeTicket, requireLive, ticketInvalid } from './rules/ticket'
import { takeTicket } from './store/tickets'

/**
 * Whom a ticket stands for. It works once, whatever comes of it; of several at once one wins.
 * @throws Refusal `ticket_invalid`, `scope_missing`
 */
export async function redeemTicket(
  { database, clock }: { database: Database; clock: () => Instant },
  ticket: string,
): Promise<Caller> {
  if (!looksLikeTicket(ticket)) throw ticketInvalid()
  const { caller } = requireLive(await takeTicket(database, ticket), clock())
  requireScope(caller, 'notifications:read')
  return caller
}
