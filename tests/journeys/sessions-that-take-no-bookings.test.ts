import { afterAll, beforeAll, expect, setDefaultTimeout, test } from 'bun:test'
import type { Database } from '@channelling/schema'
import { aHospital, aSession } from '../support/hospital'
import { type Server, startServer } from '../support/server'

setDefaultTimeout(60_000)

const changes = {
  Holiday: 'holiday = 1',
  Ended: 'ended_at = 1',
  Cancelled: 'cancelled_at = 1',
  Started: 'started_at = 1',
  Hold: 'held_at = 1',
}
const statuses = Object.keys(changes) as (keyof typeof changes)[]
/** The sessions of `statuses`, one whose end has passed, and one that can be booked. */
const [past, open] = [statuses.length + 1, statuses.length + 2]

let server: Server
beforeAll(async () => {
  const seed = async (database: Database) => {
    const sessions = statuses.map(() => aSession())
    await aHospital({ sessions: [...sessions, aSession({ startsInMinutes: -200 }), aSession()] })(database)
    await database.write(
      statuses.map((status, index) => ({
        sql: `UPDATE session SET ${changes[status]}, status_reason = 'As told' WHERE id = ?`,
        args: [index + 1],
      })),
    )
  }
  server = await startServer({ seed })
})
afterAll(() => server[Symbol.asyncDispose]())

test.each([...statuses.map((status, index) => [status, index + 1] as const), ['Ended', past] as const])(
  'a session that is %s is shown and takes no booking, and the refusal names the status',
  async (status, id) => {
    const { data } = (await server.call('GET', `/api/channel/sessions/${id}`)).body
    expect(data).toMatchObject({ status, bookable: false, nextNumber: null, booked: 0 })
    expect(data.statusReason).toBe(id === past ? null : 'As told')
    const asked = { sessionInstanceId: id, patientId: 1 }
    const refused = await server.call('POST', '/api/channel/bookings', asked)
    expect(`${refused.status} ${refused.body.reason}`).toBe('409 session_not_bookable')
    expect(refused.body.message).toContain(status)
    const { id: booking } = (await server.call('POST', '/api/channel/bookings', { ...asked, sessionInstanceId: open }))
      .body.data
    const unmoved = await server.call('PUT', `/api/channel/bookings/${booking}/reschedule`, { sessionInstanceId: id })
    expect(`${unmoved.status} ${unmoved.body.reason}`).toBe('409 session_not_bookable')
  },
)

test('every session is listed whatever its status, and those that can be booked on request', async () => {
  const ids = async (query: string) =>
    (await server.call('GET', `/api/channel/sessions${query}`)).body.data.map(({ id }: { id: number }) => id)
  // from yesterday, since a session of the early hours may have begun before midnight
  const yesterday = new Date(Date.now() - 86_400_000).toISOString().slice(0, 10)
  const all = Array.from({ length: open }, (_, index) => index + 1)
  expect((await ids(`?fromDate=${yesterday}`)).sort((a: number, b: number) => a - b)).toEqual(all)
  expect(await ids(`?fromDate=${yesterday}&bookable=true`)).toEqual([open])
})
