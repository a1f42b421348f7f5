import { concerns, type Happened } from './topics'

/** What a webhook asked for; null is all. */
export interface Wanted {
  sessionIds: readonly number[] | null
  consultantIds: readonly number[] | null
  types: readonly string[] | null
}

/** Whether a webhook is told of an event: one of its types, of one of its sessions or consultants. */
export const isWanted = (event: Happened & { type: string }, { sessionIds, consultantIds, types }: Wanted): boolean =>
  (types === null || types.includes(event.type)) &&
  concerns({ sessions: sessionIds ?? [], consultants: consultantIds ?? [] }, event)
