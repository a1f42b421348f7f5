import { expect, test } from 'bun:test'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { open } from '@channelling/schema'
import { type Books, faultsIn, readBooks } from './books'

/** Two bookings in session 1, one of which came from session 2 and one of which was cancelled. */
const right = (): Books => ({
  integrity: 'ok',
  sessions: [
    { id: 1, capacity: 2, starting_number: 1, reserved_numbers: '[2]', taken: 1, next_number: 4, released: '[3]' },
    { id: 2, capacity: 0, starting_number: 5, reserved_numbers: '[]', taken: 0, next_number: 6, released: '[5]' },
  ],
  bookings: [
    { id: 1, session_id: 1, number: 1, status: 'ACTIVE', client_id: 1, patient_id: 1, reference: null },
    { id: 2, session_id: 1, number: 3, status: 'PATIENT_CANCELED', client_id: 1, patient_id: 1, reference: null },
  ],
  events: [
    event(1, 'booking.held', 2, 1, { toStatus: 'PENDING', number: 5 }),
    event(2, 'booking.completed', 2, 1, { fromStatus: 'PENDING', toStatus: 'ACTIVE', number: 5 }),
    event(3, 'booking.rescheduled', 1, 1, { toStatus: 'ACTIVE', fromSessionId: 2, fromNumber: 5, number: 1 }),
    event(4, 'booking.completed', 1, 2, { toStatus: 'ACTIVE', number: 3 }),
    event(5, 'booking.cancelled', 1, 2, { fromStatus: 'ACTIVE', toStatus: 'PATIENT_CANCELED', number: 3 }),
  ],
})

const event = (seq: number, type: string, session_id: number, booking_id: number, told: object) => ({
  seq,
  type,
  session_id,
  booking_id,
  payload: JSON.stringify(told),
})

test('right books have no fault', () => {
  expect(faultsIn(right())).toEqual([])
})

test('a reserved number that is given, and a cancellation by the hospital, are no faults', () => {
  const books = right()
  Object.assign(books.sessions[0]!, { taken: 2 })
  books.bookings.push({ ...books.bookings[0]!, id: 3, number: 2 })
  books.events.push(event(6, 'booking.completed', 1, 3, { toStatus: 'ACTIVE', number: 2 }))
  Object.assign(books.bookings[1]!, { status: 'DOCTOR_CANCELED' })
  books.events[4] = event(5, 'booking.cancelled', 1, 2, {
    fromStatus: 'ACTIVE',
    toStatus: 'DOCTOR_CANCELED',
    number: 3,
  })
  expect(faultsIn(books)).toEqual([])
})

test.each<[string, (books: Books) => void, RegExp]>([
  ['a damaged file', (books) => Object.assign(books, { integrity: 'page 7' }), /damaged/],
  [
    'a place counted that nobody has',
    (books) => Object.assign(books.sessions[0]!, { taken: 2 }),
    /counts 2 taken, has 1/,
  ],
  ['more bookings than places', (books) => overfill(books), /holds 3, more than 2/],
  ['a number twice', (books) => Object.assign(books.bookings[1]!, { number: 1, status: 'ACTIVE' }), /number 1 to 2/],
  ['a number lost', (books) => Object.assign(books.sessions[1]!, { released: '[]' }), /session 2 has numbers/],
  [
    'a number both taken and free',
    (books) => Object.assign(books.sessions[0]!, { released: '[1,3]' }),
    /session 1 has numbers/,
  ],
  ['a booking without an event', (books) => books.events.splice(0, 3), /booking 1 has no event/],
  [
    'a booking that begins twice',
    (books) => books.events.splice(4, 0, books.events[3]!),
    /booking 2 is ACTIVE and then booking.completed/,
  ],
  [
    'a cancellation told twice',
    (books) => books.events.push(books.events[4]!),
    /booking 2 is PATIENT_CANCELED and then/,
  ],
  ['a cancellation not told', (books) => books.events.pop(), /booking 2 is not where its events end/],
  ['a move not told', (books) => books.events.splice(2, 1), /booking 1 is not where its events end/],
  ['a beginning not told', (books) => books.events.splice(0, 1), /booking 1 begins with booking.completed/],
  ['a completion not told', (books) => books.events.splice(1, 1), /booking 1 is ACTIVE after booking.rescheduled/],
  ['an event of a booking that is lost', (books) => books.bookings.pop(), /tells of booking 2, which is not there/],
])('the books show %s', (_, spoil, fault) => {
  const books = right()
  spoil(books)
  expect(faultsIn(books).join('\n')).toMatch(fault)
})

test('books that cannot be read at all are damaged, and hold nothing', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'damaged-'))
  const path = join(folder, 'channelling.db')
  const database = await open({ url: `file:${path}` })
  await database.close()
  expect(readBooks(folder).integrity).toBe('ok')
  const whole = readFileSync(path)
  for (const [from, to] of [
    [0, 4096],
    [4096, whole.length],
  ]) {
    writeFileSync(path, Buffer.from(whole).fill(0, from, to))
    const books = readBooks(folder)
    expect(books).toEqual({
      integrity: expect.stringMatching(/malformed|not a database/),
      sessions: [],
      bookings: [],
      events: [],
    })
    expect(faultsIn(books)).toEqual([expect.stringContaining('the file is damaged')])
  }
  rmSync(folder, { recursive: true })
})

function overfill(books: Books): void {
  const [first, second] = books.bookings
  Object.assign(second!, { status: 'ACTIVE' })
  books.bookings.push({ ...first!, id: 3, number: 4 })
}
