import { type BookingRow, type EventRow, faultsIn, type SessionRow } from '../support/books'
import { type Answer, type Operation, tagOf, type View } from './operation'
import type { Store } from './store'
import type { Subscriber } from './subscribers'

const LIVING = `('PENDING', 'ACTIVE', 'COMPLETED', 'ABSENT')`

/** Faults of places as they are at this moment: after every write they have to be right. */
export function faultsOfPlaces(store: Store): string[] {
  const wrong = store.rows<{ session: number; taken: number; capacity: number; living: number; numbers: number }>(
    `SELECT session_id AS session, taken, capacity, living, numbers FROM (
      SELECT t.session_id, t.taken, t.capacity, count(b.id) AS living, count(DISTINCT b.number) AS numbers
        FROM seat t LEFT JOIN booking b ON b.session_id = t.session_id AND b.status IN ${LIVING} GROUP BY t.session_id)
    WHERE taken <> living OR numbers <> living OR (capacity > 0 AND living > capacity)`,
  )
  return wrong.map(
    ({ session, taken, capacity, living, numbers }) =>
      `session ${session} of ${capacity} places counts ${taken} taken, and ${living} live with ${numbers} numbers`,
  )
}

/** What an operation did, as it is written: what it made or changed is named by it. */
function effectsOf(
  store: Store,
  { id, command }: Operation,
): { bookingId: number; sessionId: number; number: number }[] {
  const of = (type: string, sql: string) =>
    store.rows<{ bookingId: number; sessionId: number; number: number }>(
      `SELECT e.booking_id AS bookingId, e.session_id AS sessionId, e.payload ->> 'number' AS number
        FROM event e LEFT JOIN booking b ON b.id = e.booking_id WHERE e.type = '${type}' AND ${sql}`,
      command.kind === 'reserve' ? id : tagOf(id),
    )
  switch (command.kind) {
    case 'reserve':
      return store.rows(
        `SELECT e.booking_id AS bookingId, e.session_id AS sessionId, e.payload ->> 'number' AS number
          FROM booking b LEFT JOIN event e ON e.booking_id = b.id AND e.payload ->> 'fromStatus' IS NULL
            AND e.type IN ('booking.held', 'booking.completed') WHERE b.item_id = ?`,
        id,
      )
    case 'cancel':
      return of('booking.cancelled', "e.payload ->> 'reason' = ?")
    case 'reschedule':
      return of('booking.rescheduled', "e.payload ->> 'reason' = ?")
    case 'complete':
      return of('booking.completed', "e.payload ->> 'fromStatus' = 'PENDING' AND b.payment_reference = ?")
  }
}

/** Faults of an answer at the moment at which a caller hears it. */
export function faultsOfAnswer(store: Store, operation: Operation, answer: Answer): string[] {
  if (answer.kind === 'nothing') return []
  const name = `${tagOf(operation.id)} (${operation.command.kind})`
  const faults: string[] = []
  const [first] = operation.answers
  if (!Bun.deepEquals(said(first!), said(answer)))
    faults.push(`${name} has two answers: ${JSON.stringify([first, answer])}`)
  const effects = effectsOf(store, operation)
  if (answer.kind === 'refused') {
    return effects.length === 0 ? faults : [...faults, `${name} was refused and done`]
  }
  if (effects.length !== 1) return [...faults, `${name} was acknowledged, and done ${effects.length} times`]
  const { id, sessionId, number }: View = answer.view
  const [effect] = effects
  if (effect!.bookingId !== id || effect!.sessionId !== sessionId || effect!.number !== number) {
    faults.push(`${name} was acknowledged as ${JSON.stringify(answer.view)} and done as ${JSON.stringify(effect)}`)
  }
  return faults
}

const said = (answer: Answer) => ({ ...answer, replayed: undefined })

/**
 * Faults of what all came to.
 * @param due the last `seq` that every subscriber has to have heard of: what a process does while it ends, nobody may be left to hear
 */
export function faultsOfAll(
  store: Store,
  operations: readonly Operation[],
  subscribers: readonly Subscriber[],
  due: number,
): string[] {
  return [
    ...faultsIn({
      integrity: 'ok',
      sessions: store.rows<SessionRow>(
        `SELECT id, seat.capacity, starting_number, reserved_numbers, taken, next_number, released
          FROM session JOIN seat ON seat.session_id = session.id ORDER BY id`,
      ),
      bookings: store.rows<BookingRow>(
        'SELECT id, session_id, number, status, client_id, patient_id, reference FROM booking ORDER BY id',
      ),
      events: store.rows<EventRow>(
        'SELECT seq, type, session_id, booking_id, payload FROM event WHERE booking_id IS NOT NULL ORDER BY seq',
      ),
    }),
    ...operations.flatMap((operation) => faultsOfOperation(store, operation)),
    ...faultsOfAnswersKept(store, operations),
    ...subscribers.flatMap((subscriber) => faultsOfHearing(store, subscriber, due)),
  ]
}

function faultsOfOperation(store: Store, operation: Operation): string[] {
  const { id, command, key, fate } = operation
  const count = effectsOf(store, operation).length
  const right = { done: count === 1, refused: count === 0, unknown: count <= 1, 'under way': false }[fate]
  return right ? [] : [`${tagOf(id)} (${command.kind}, ${key ?? 'without a key'}) is ${fate}, and done ${count} times`]
}

function faultsOfAnswersKept(store: Store, operations: readonly Operation[]): string[] {
  const kept = new Set(store.rows<{ key: string }>('SELECT key FROM answer').map(({ key }) => key))
  return operations
    .filter(({ key, answers }) => key !== null && answers.length > 0 && !kept.has(key))
    .map(({ id }) => `the answer to ${tagOf(id)} is not kept`)
}

/** Events that a subscriber should have heard. */
const told = (store: Store, { sessions }: Subscriber) =>
  store.rows<{ seq: number; type: string; sessionId: number }>(
    `SELECT seq, type, session_id AS sessionId FROM event WHERE ?1 = '[]'
      OR session_id IN (SELECT value FROM json_each(?1)) OR payload ->> 'fromSessionId' IN (SELECT value FROM json_each(?1))
      ORDER BY seq`,
    JSON.stringify(sessions),
  )

export const hasHeardAll = (store: Store, subscriber: Subscriber): boolean =>
  (subscriber.heard.at(-1)?.seq ?? 0) >= (told(store, subscriber).at(-1)?.seq ?? 0)

/** Of the last event there is. */
export const lastSeq = (store: Store): number =>
  store.rows<{ seq: number }>('SELECT coalesce(max(seq), 0) AS seq FROM event')[0]!.seq

function faultsOfHearing(store: Store, subscriber: Subscriber, due: number): string[] {
  const { host, heard } = subscriber
  const inShort = ({ seq, type, sessionId }: { seq: number; type: string; sessionId: number }) =>
    `${seq} ${type} ${sessionId}`
  const events = told(store, subscriber)
  const expected = events.map(inShort)
  const actual = heard.map(inShort)
  const least = events.filter(({ seq }) => seq <= due).length
  const compared = Math.max(least, actual.length)
  for (let at = 0; at < compared; at++) {
    if (expected[at] === actual[at]) continue
    return [`${host.name} hears as its event ${at + 1} ${actual[at]} in place of ${expected[at]}`]
  }
  return []
}

/** Whether something that time brings about is still to be done. */
export const isOwed = (store: Store, now: number): boolean =>
  store.rows(
    `SELECT 1 FROM booking b JOIN session s ON s.id = b.session_id
      WHERE b.status = 'PENDING' AND b.expires_at <= ? OR s.cancelled_at IS NOT NULL AND b.status IN ('PENDING', 'ACTIVE')`,
    now,
  ).length > 0
