/** What can happen to a booking or a session. Each is one row of the outbox. */
export const eventTypes = [
  'booking.held',
  'booking.completed',
  'booking.edited',
  'booking.cancelled',
  'booking.expired',
  'booking.rescheduled',
  'booking.arrived',
  'booking.called',
  'booking.seen',
  'booking.absent',
  'session.published',
  'session.changed',
  'session.started',
  'session.delayed',
  'session.ended',
  'session.cancelled',
  'session.held',
  'session.resumed',
  'session.holiday',
] as const

export type EventType = (typeof eventTypes)[number]

/** An event as the outbox keeps it. It holds ids and states, never names, phones or other personal data. */
export interface OutboxEvent {
  /** Ascending in commit order. */
  seq: number
  type: EventType
  /** For a moved booking, the session it moved to. */
  sessionId: number
  bookingId: number | null
  clientId: number | null
  /** UTC milliseconds. */
  at: number
  payload: EventPayload
}

/** An event yet to be committed; the database gives it its `seq`. */
export type NewEvent = Omit<OutboxEvent, 'seq'>

export interface EventPayload {
  /** For a moved booking, the session it left. */
  fromSessionId?: number
  fromStatus?: string
  toStatus?: string
  number?: number
  fromNumber?: number
  /** Who wanted it: the patient or the hospital. */
  actor?: 'patient' | 'hospital'
  /** Why, in the words of whoever asked. For the booking's history; subscribers are not sent it. */
  reason?: string
}

/** An event as subscribers are sent it, by socket, over HTTP and by webhook. */
export interface SentEvent extends Omit<EventPayload, 'reason'> {
  seq: number
  type: EventType
  /** For a moved booking, the session it moved to. */
  sessionId: number
  consultantId: number | null
  /** Absent where it is of a whole session, and where it is the booking of a client whose bookings the subscriber may not see. */
  bookingId?: number
  /** `yyyy-MM-dd HH:mm:ss` in the hospital's zone. */
  at: string
}

/** What the JSON mode says beside events: where the stream stands. */
export type StreamNotice =
  | { type: 'hello' | 'recovered' | 'resync'; epoch: string; seq: number }
  | { type: 'heartbeat'; seq: number }

/** The text frames for an event, byte for byte what existing screens read; most session events have none. */
export function textFrames(event: Pick<OutboxEvent, 'type' | 'sessionId' | 'payload'>): string[] {
  switch (event.type) {
    case 'booking.held':
      return [`Online Temporary Booking Added - ${event.sessionId}`]
    case 'booking.completed':
      return [`Online Booking Completed - ${event.sessionId}`]
    case 'booking.edited':
      return [`Online Booking Edited - ${event.sessionId}`]
    case 'booking.cancelled':
      return [`Online Booking Cancelled - ${event.sessionId}`]
    case 'booking.expired':
      return [`Temporary Booking Retired - ${event.sessionId}`]
    case 'booking.rescheduled':
      return [
        `Online Booking Cancelled - ${event.payload.fromSessionId}`,
        `Online Booking Completed - ${event.sessionId}`,
      ]
    default:
      return []
  }
}
