/** How a request to a replica ended without an answer. */
export type Cause =
  /** No connection: nothing was sent. */
  | 'refused'
  /** It never got its turn: nothing was sent. */
  | 'not_begun'
  /** The connection broke. */
  | 'broken'
  /** The deadline passed, or the replica was found to hang. */
  | 'late'

/** A replica did not answer. Of what was sent nobody knows what became of it. */
export class Unanswered extends Error {
  override readonly name = 'Unanswered'

  constructor(readonly why: Cause) {
    super('A service did not answer')
  }

  get sent(): boolean {
    return this.why === 'broken' || this.why === 'late'
  }
}

/** What `fetch` threw, in these terms. */
export function unanswered(error: unknown): Unanswered {
  if (error instanceof Unanswered) return error
  const { code, name } = error as { code?: unknown; name?: unknown }
  if (code === 'ECONNREFUSED' || code === 'ConnectionRefused' || code === 'ENOTFOUND') return new Unanswered('refused')
  return new Unanswered(name === 'AbortError' || name === 'TimeoutError' ? 'late' : 'broken')
}
