/** What a subscriber wants to hear of: either of some sessions or of some consultants; neither named is everything. */
export interface Topics {
  sessions: readonly number[]
  consultants: readonly number[]
}

export const everything: Topics = { sessions: [], consultants: [] }

export const isEverything = ({ sessions, consultants }: Topics) => sessions.length === 0 && consultants.length === 0

/** Where something happened: a moved booking leaves one session for another. */
export interface Happened {
  sessionId: number
  consultantId: number | null
  fromConsultantId: number | null
  payload: { fromSessionId?: number }
}

/** The sessions whose subscribers hear of it. */
export const sessionsOf = ({ sessionId, payload }: Happened): number[] =>
  payload.fromSessionId === undefined ? [sessionId] : [sessionId, payload.fromSessionId]

/** The consultants whose subscribers hear of it. */
export const consultantsOf = ({ consultantId, fromConsultantId }: Happened): number[] =>
  [consultantId, fromConsultantId].filter((id) => id !== null)

/** Whether a subscriber wants to hear of it. */
export const concerns = (topics: Topics, happened: Happened): boolean =>
  isEverything(topics) ||
  sessionsOf(happened).some((id) => topics.sessions.includes(id)) ||
  consultantsOf(happened).some((id) => topics.consultants.includes(id))
