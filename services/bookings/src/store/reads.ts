import type { Caller, EventPayload, EventType, Instant, Paging } from '@channelling/contract'
import { type Database, type JsonRow, rowsOfJson } from '@channelling/schema'
import type { BookedPlace } from '../rules/world'
import {
  type BookingRow,
  bookingOfRow,
  bookingRow,
  type SessionRow,
  sessionOfRow,
  sessionRow,
  sessionTables,
} from './rows'

/** One row of a booking's history. */
export interface Transition {
  type: EventType
  at: Instant
  sessionId: number
  client: string | null
  payload: EventPayload
}

/** The client to which the answer is limited, or null where the caller sees the whole hospital. */
const only = (caller: Caller) => (caller.access === 'own' ? caller.clientId : null)

export type BookingReads = ReturnType<typeof bookingReads>

/** What endpoints read of bookings. A booking that the caller may not see is as if it were not there. */
export function bookingReads(database: Database) {
  /** Joins bookings with what their answers show, keeping their order. */
  async function places(bookings: BookingRow[]): Promise<BookedPlace[]> {
    if (bookings.length === 0) return []
    const ids = (of: 'sessionId' | 'patientId') => JSON.stringify([...new Set(bookings.map((row) => row[of]))])
    const [sessions, patients] = (await database.readAll([
      {
        sql: `SELECT ${sessionRow} FROM ${sessionTables} WHERE s.id IN (SELECT value FROM json_each(?))`,
        args: [ids('sessionId')],
      },
      { sql: 'SELECT id, name FROM patient WHERE id IN (SELECT value FROM json_each(?))', args: [ids('patientId')] },
    ])) as unknown as [JsonRow[], { id: number; name: string }[]]
    const sessionById = new Map(rowsOfJson<SessionRow>(sessions).map((row) => [row.id, sessionOfRow(row)]))
    const nameById = new Map(patients.map(({ id, name }) => [id, name]))
    return bookings.map((row) => ({
      booking: bookingOfRow(row),
      session: sessionById.get(row.sessionId)!,
      patientName: nameById.get(row.patientId)!,
    }))
  }

  return {
    async byId(id: number, caller: Caller): Promise<BookedPlace | undefined> {
      const rows = await database.read<JsonRow>(
        `SELECT ${bookingRow} FROM booking b WHERE b.id = ?1 AND (?2 IS NULL OR b.client_id = ?2)`,
        [id, only(caller)],
      )
      return (await places(rowsOfJson<BookingRow>(rows)))[0]
    },

    /** Newest first, which ids do not tell where several processes give them; undefined for a patient there is not. */
    async ofPatient(
      patientId: number,
      caller: Caller,
      { page, size }: Paging,
    ): Promise<{ places: BookedPlace[]; total: number } | undefined> {
      const [patients, totals, rows] = (await database.readAll([
        { sql: 'SELECT id FROM patient WHERE id = ?', args: [patientId] },
        {
          sql: 'SELECT count(*) AS total FROM booking WHERE patient_id = ?1 AND (?2 IS NULL OR client_id = ?2)',
          args: [patientId, only(caller)],
        },
        {
          sql: `SELECT ${bookingRow} FROM booking b WHERE b.patient_id = ?1 AND (?2 IS NULL OR b.client_id = ?2)
            ORDER BY b.created_at DESC, b.id DESC LIMIT ?3 OFFSET ?4`,
          args: [patientId, only(caller), size, page * size],
        },
      ])) as unknown as [unknown[], { total: number }[], JsonRow[]]
      if (patients.length === 0) return undefined
      return { places: await places(rowsOfJson<BookingRow>(rows)), total: totals[0]!.total }
    },

    /** Oldest first. */
    async history(id: number): Promise<Transition[]> {
      const rows = await database.read<Omit<Transition, 'payload'> & { payload: string }>(
        `SELECT e.type, e.at, e.session_id AS sessionId, c.name AS client, e.payload
        FROM event e LEFT JOIN client c ON c.id = e.client_id WHERE e.booking_id = ? ORDER BY e.seq`,
        [id],
      )
      return rows.map((row) => ({ ...row, payload: JSON.parse(row.payload) as EventPayload }))
    },

    /** Sessions with holds that ran out, and cancelled ones with bookings still open; a bounded number of them. */
    async sessionsToSweep(now: Instant): Promise<number[]> {
      const rows = await database.read<{ sessionId: number }>(
        `SELECT DISTINCT session_id AS sessionId FROM booking INDEXED BY booking_by_expiry
          WHERE status = 'PENDING' AND expires_at <= ?
        UNION SELECT s.id FROM session s INDEXED BY session_by_cancellation WHERE s.cancelled_at IS NOT NULL
          AND EXISTS (SELECT 1 FROM booking b INDEXED BY booking_number WHERE b.session_id = s.id
            AND b.status IN ('PENDING', 'ACTIVE', 'COMPLETED', 'ABSENT') AND b.status IN ('PENDING', 'ACTIVE'))
        LIMIT 256`,
        [now],
      )
      return rows.map(({ sessionId }) => sessionId)
    },
  }
}
