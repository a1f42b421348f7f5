/**
 * What SQLite does with bookings that are committed one at a time: a bare `bun:sqlite` loop over the same tables, with
 * `synchronous=FULL`, in a process of its own. Prints bookings a second.
 */
import { Database as Sqlite } from 'bun:sqlite'

const SECONDS = 5
const [path, sessions, patients] = [process.argv[2]!, Number(process.argv[3]), Number(process.argv[4])]
const database = new Sqlite(path)
database.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON')
const take = database.query(
  'UPDATE seat SET taken = taken + 1, next_number = next_number + 1, version = version + 1 WHERE session_id = ? RETURNING next_number',
)
const book = database.query(
  `INSERT INTO booking (session_id, number, status, patient_id, client_id, payment_method, paid, foreigner, doctor_fee,
    hospital_fee, currency, created_at) VALUES (?, ?, 'ACTIVE', ?, 1, 'OnCall', 0, 0, 200000, 50000, 'LKR', ?)`,
)
const tell = database.query(
  `INSERT INTO event (type, session_id, booking_id, client_id, payload, at) VALUES ('booking.completed', ?, ?, 1, ?, ?)`,
)
const any = (count: number) => 1 + Math.floor(Math.random() * count)

const bookOne = database.transaction(() => {
  const sessionId = any(sessions)
  const { next_number } = take.get(sessionId) as { next_number: number }
  const { lastInsertRowid } = book.run(sessionId, next_number - 1, any(patients), Date.now())
  tell.run(sessionId, lastInsertRowid, JSON.stringify({ number: next_number - 1, toStatus: 'ACTIVE' }), Date.now())
})

const begun = performance.now()
let booked = 0
while (performance.now() - begun < SECONDS * 1000) {
  bookOne.immediate()
  booked++
}
console.log(booked / ((performance.now() - begun) / 1000))
