import { afterEach, beforeEach, expect, test } from 'bun:test'
import { DAY_MS, MINUTE_MS } from '@channelling/contract'
import type { Database } from '@channelling/schema'
import { appendEvents } from '@channelling/schema/outbox'
import { aHospital, aSession } from '@channelling/schema/testing'
import { clearBefore } from './retention'
import { lastSeq, streamState } from './store/outbox'
import { aDatabase, anEvent } from './testing'

let database: Database
let release: () => Promise<void>
beforeEach(async () => {
  const opened = await aDatabase()
  database = opened.database
  release = opened.close
})
afterEach(() => release())

const now = Date.now()
const before = now - 30 * DAY_MS
const old = (bookingId: number | null = null) => anEvent('booking.completed', 1, { bookingId, at: before - 1 })
const young = anEvent('booking.completed', 1, { at: before })
const kept = async () =>
  (await database.read<{ seq: number }>('SELECT seq FROM event ORDER BY seq')).map(({ seq }) => seq)

/** A booking in a session that ended so many days ago. */
async function aBooking(id: number, sessionId: number): Promise<void> {
  await database.write([
    {
      sql: `INSERT INTO booking (id, session_id, number, status, patient_id, client_id, payment_method, paid, foreigner, doctor_fee,
          hospital_fee, currency, created_at)
        VALUES (?, ?, ?, 'ACTIVE', 1, 1, 'OnCall', 0, 0, 0, 0, 'LKR', 0)`,
      args: [id, sessionId, id],
    },
  ])
}

test('what is older than the retention goes, to the millisecond, and the stream says where it begins', async () => {
  await database.write(appendEvents([old(), old(), young, old()]))
  await clearBefore(database, before)
  // the last one is old too, but comes after one that is not: the stream has no holes
  expect(await kept()).toEqual([3, 4])
  expect(await streamState(database)).toMatchObject({ lowest: 3, last: 4 })
})

test('a stream of which everything went goes on where it was', async () => {
  await database.write(appendEvents([old(), old()]))
  await clearBefore(database, before)
  expect(await kept()).toEqual([])
  expect(await streamState(database)).toMatchObject({ lowest: 3, last: 2 })
  expect(await lastSeq(database)).toBe(2)
  await database.write(appendEvents([young]))
  expect(await streamState(database)).toMatchObject({ lowest: 3, last: 3 })
})

test('thousands go in writes of at most 500, and each of them moves the beginning of the stream with it', async () => {
  await database.write(appendEvents(Array.from({ length: 1750 }, () => old())))
  const left: number[] = []
  await clearBefore(
    {
      ...database,
      async write(statements, options) {
        const written = await database.write(statements, options)
        const events = await kept()
        left.push(events.length)
        expect((await streamState(database)).lowest).toBe(events[0] ?? 1751)
        return written
      },
    },
    before,
    { pauseMs: 0 },
  )
  expect(left).toEqual([1250, 750, 250, 0])
})

test('the history of a booking is whole until its session has been over for as long as events are kept', async () => {
  const daysAgo = (days: number) => aSession({ startsInMinutes: -days * 1440 - 180, lastsMinutes: 180 })
  const sessions = [daysAgo(31), daysAgo(29), aSession({ startsInMinutes: 1440 })]
  await aHospital({ sessions })(database)
  for (const id of [1, 2, 3]) await aBooking(id, id)
  await database.write(appendEvents([old(1), old(2), old(3), old(), young]))
  await clearBefore(database, before)
  expect(await kept()).toEqual([2, 3, 5])
  expect(await streamState(database)).toMatchObject({ lowest: 5, last: 5 })
  // two days on, the second has been over for long enough too
  await clearBefore(database, before + 2 * DAY_MS + MINUTE_MS)
  expect(await kept()).toEqual([3])
})
