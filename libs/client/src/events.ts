/** What can happen to a booking or a session. A newer server may send types that are not here yet. */
export type EventType =
  | 'booking.held'
  | 'booking.completed'
  | 'booking.edited'
  | 'booking.cancelled'
  | 'booking.expired'
  | 'booking.rescheduled'
  | 'booking.arrived'
  | 'booking.called'
  | 'booking.seen'
  | 'booking.absent'
  | 'session.published'
  | 'session.changed'
  | 'session.started'
  | 'session.delayed'
  | 'session.ended'
  | 'session.cancelled'
  | 'session.held'
  | 'session.resumed'
  | 'session.holiday'

/** Something that happened. It holds ids and states, never a name or a phone. */
export interface ChannellingEvent {
  /** Ascending in the order in which things were committed; with gaps, where a filter leaves events out. */
  seq: number
  // the rest of strings stays open without hiding the known ones from completion
  type: EventType | (string & {})
  /** For a moved booking, the session it moved to. */
  sessionId: number
  consultantId?: number | null
  /** Absent for the booking of another client, and for events of a whole session. */
  bookingId?: number | null
  /** `yyyy-MM-dd HH:mm:ss` in the zone of the hospital. */
  at: string
  /** For a moved booking, the session it left. */
  fromSessionId?: number
  fromStatus?: string
  toStatus?: string
  number?: number
  fromNumber?: number
  actor?: 'patient' | 'hospital'
}
