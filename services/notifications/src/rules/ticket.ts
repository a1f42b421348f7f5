import { type Instant, Refusal } from '@channelling/contract'

export const TICKET_LIFETIME_MS = 60_000

/** Bytes of chance in a ticket. */
export const TICKET_BYTES = 32

/** Whether a text could be a ticket at all, so that anything else costs no lookup. */
export const looksLikeTicket = (text: string) => /^[A-Za-z0-9_-]{43}$/.test(text)

/**
 * A ticket that was found and taken is good until the instant it expires.
 * @throws Refusal `ticket_invalid`; it says the same of an expired ticket and of one that never was
 */
export function requireLive<Ticket extends { expiresAt: Instant }>(ticket: Ticket | null, now: Instant): Ticket {
  if (ticket === null || now >= ticket.expiresAt) throw ticketInvalid()
  return ticket
}

export const ticketInvalid = () =>
  new Refusal('ticket_invalid', 'The ticket was used, has expired or was never issued; ask for another')
