import type { Books } from '../support/books'
import type { Reply } from '../support/reply'
import type { Server } from '../support/server'

export interface Asked {
  /** The reference and the Idempotency-Key of the request. */
  name: string
  body: { sessionInstanceId: number; patientId: number; reference: string }
}

/** A booking that the server said it had made. */
export interface Promised {
  id: number
  sessionId: number
  number: number
  reference: string
}

/** Books, and says what came back; undefined when the server died first. */
export async function book(server: Server, { name, body }: Asked): Promise<Reply | undefined> {
  const headers = { 'idempotency-key': name }
  return server.call('POST', '/api/channel/bookings', body, { headers }).catch(() => undefined)
}

/** What the books lack of what was promised, as sentences. */
export function broken(promises: Promised[], books: Books): string[] {
  const written = new Map(books.bookings.map((booking) => [booking.id, booking]))
  return promises.flatMap(({ id, sessionId, number, reference }) => {
    const booking = written.get(id)
    if (!booking) return [`booking ${id} was promised and is lost`]
    const kept = booking.session_id === sessionId && booking.number === number && booking.reference === reference
    return kept ? [] : [`booking ${id} is not what was promised`]
  })
}
