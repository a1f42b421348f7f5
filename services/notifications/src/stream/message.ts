import type { Calendar } from '@channelling/contract'
import type { StreamMessage } from '@channelling/wake'
import { sentEvent } from '../framing'
import type { StreamEvent } from '../store/outbox'

/** What other teams' consumers are sent of an event: what a socket shows whoever sees it whole, and the epoch. */
export const messageOf = (event: StreamEvent, epoch: string, calendar: Calendar): StreamMessage => ({
  id: `${epoch}:${event.seq}`,
  sessionId: event.sessionId,
  body: JSON.stringify({ epoch, ...sentEvent(event, true, calendar) }),
})

/** The place that a message's id names; null for one that we did not make. */
export function placeOf(id: string | null): { epoch: string; seq: number } | null {
  const [, epoch, seq] = /^(\w+):(\d+)$/.exec(id ?? '') ?? []
  return epoch && seq ? { epoch, seq: Number(seq) } : null
}
