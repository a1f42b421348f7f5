import type { BookingCommand } from '@channelling/bookings'

/** What a caller hears. `nothing`: no answer came, or one that says that nobody knows. */
export type Answer =
  | { kind: 'done'; view: View; replayed: boolean }
  | { kind: 'refused'; reason: string; message: string; replayed: boolean }
  | { kind: 'nothing'; undone: boolean }

export interface View {
  id: number
  sessionId: number
  number: number
  status: string
}

/** Something that a caller wants done once. Its id goes along with it, so that what it did can be told. */
export interface Operation {
  id: number
  /** With one it is asked again until it is answered; without one, once. */
  key: string | null
  command: BookingCommand
  answers: Answer[]
  /** `unknown`: it was not answered, and cannot be asked again. */
  fate: 'under way' | 'done' | 'refused' | 'unknown'
}

export const tagOf = (id: number) => `operation ${id}`
