import { Database as Sqlite } from 'bun:sqlite'
import { join } from 'node:path'
import { open } from '@channelling/schema'
import { everyRow } from '../support/every-row'
import type { Server } from '../support/server'

/** What of an event says that it is this one. */
export interface Told {
  seq: number
  type: string
  sessionId: number
  bookingId?: number | null
}

const FAULTS_MAX = 10

const written = ({ seq, type, sessionId, bookingId }: Told) =>
  `${seq} ${type} of session ${sessionId}, booking ${bookingId}`

/** What is wrong with what somebody was told, held against what was committed: missed, told twice, out of order, or never so. */
export function faultsIn(told: readonly Told[], committed: readonly Told[]): string[] {
  const faults: string[] = []
  const known = new Map(committed.map((event) => [event.seq, written(event)]))
  const lastOf = new Map<number, number>()
  const seen = new Set<number>()
  for (const event of told) {
    if (known.get(event.seq) !== written(event)) faults.push(`never committed: ${written(event)}`)
    if (seen.has(event.seq)) faults.push(`twice: ${written(event)}`)
    else if ((lastOf.get(event.sessionId) ?? 0) > event.seq) faults.push(`out of order: ${written(event)}`)
    seen.add(event.seq)
    lastOf.set(event.sessionId, Math.max(lastOf.get(event.sessionId) ?? 0, event.seq))
  }
  for (const event of committed) if (!seen.has(event.seq)) faults.push(`missed: ${written(event)}`)
  return faults.length > FAULTS_MAX
    ? [...faults.slice(0, FAULTS_MAX), `and ${faults.length - FAULTS_MAX} more`]
    : faults
}

const COMMITTED = 'SELECT seq, type, session_id AS sessionId, booking_id AS bookingId FROM event ORDER BY seq'

/** Everything in the outbox. A server with a file of its own has to be stopped. */
export async function committedBy(server: Pick<Server, 'services' | 'dataDir'>): Promise<Told[]> {
  if (!server.services) {
    using file = new Sqlite(join(server.dataDir, 'channelling.db'), { readonly: true })
    return file.query(COMMITTED).all() as Told[]
  }
  const database = await open({ url: server.services.database.url })
  const rows = await everyRow<Told>(database, COMMITTED)
  await database.close()
  return rows
}
