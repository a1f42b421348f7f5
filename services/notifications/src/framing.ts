import { type Calendar, type SentEvent, textFrames } from '@channelling/contract'
import type { StreamEvent } from './store/outbox'

/** An event with its frames. Each is built once, for all subscribers, and only when one of them wants it. */
export interface FramedEvent {
  event: StreamEvent
  /** The text frames, in the order to send them; most session events have none. */
  readonly text: readonly string[]
  /** The JSON frame of those who see it whole. */
  readonly whole: string
  /** The JSON frame of those who may not know whose booking it is. */
  readonly reduced: string
}

/**
 * An event as it is sent.
 * @param whole whether which booking it is may be told, and what became of it
 */
export function sentEvent(event: StreamEvent, whole: boolean, calendar: Calendar): SentEvent {
  const { seq, type, sessionId, consultantId, bookingId, at, payload } = event
  const { reason: _, ...told } = payload
  const place = { seq, type, sessionId, consultantId }
  if (whole) return { ...place, ...(bookingId !== null && { bookingId }), at: calendar.format(at), ...told }
  // that the session it left has a place again is of the session, not of the booking
  const { fromSessionId } = payload
  return { ...place, at: calendar.format(at), ...(fromSessionId !== undefined && { fromSessionId }) }
}

/** Makes the frames of events, in the hospital's zone. */
export const createFraming =
  (calendar: Calendar) =>
  (event: StreamEvent): FramedEvent => {
    let text: string[] | undefined
    let whole: string | undefined
    let reduced: string | undefined
    return {
      event,
      get text() {
        text ??= textFrames(event)
        return text
      },
      get whole() {
        whole ??= JSON.stringify(sentEvent(event, true, calendar))
        return whole
      },
      get reduced() {
        reduced ??= JSON.stringify(sentEvent(event, false, calendar))
        return reduced
      },
    }
  }
