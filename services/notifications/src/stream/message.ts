import type { Calendar, OutboxEvent } from '@channelling/contract'
import type { StreamMessage } from '@channelling/wake'

/** An event as the stream needs to know it. */
export type StreamedEvent = OutboxEvent & { consultantId: number | null }

/** What other teams' consumers are sent of an event: all but who asked for it, and why in their words. */
export function messageOf(
  { seq, type, sessionId, consultantId, bookingId, at, payload }: StreamedEvent,
  epoch: string,
  calendar: Calendar,
): StreamMessage {
  const { reason: _, ...told } = payload
  const body = { epoch, seq, type, sessionId, consultantId, bookingId, at: calendar.format(at), ...told }
  return { id: `${epoch}:${seq}`, sessionId, body: JSON.stringify(body) }
}

/** The place that a message's id names; null for one that we did not make. */
export function placeOf(id: string | null): { epoch: string; seq: number } | null {
  const [, epoch, seq] = /^(\w+):(\d+)$/.exec(id ?? '') ?? []
  return epoch && seq ? { epoch, seq: Number(seq) } : null
}
