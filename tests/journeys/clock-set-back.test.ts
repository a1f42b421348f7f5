import { expect, setDefaultTimeout, test } from 'bun:test'
import { createCalendar, MINUTE_MS } from '@channelling/contract'
import { open } from '@channelling/schema'
import { aHospital, aSession } from '../support/hospital'
import { startReceiver, verifies } from '../support/receiver'
import { type Server, startServer } from '../support/server'
import { subscribe } from '../support/socket'

setDefaultTimeout(60_000)

const HOUR_MS = 60 * MINUTE_MS
const HOLD_MINUTES = 20
const calendar = createCalendar('Asia/Colombo')
const instantOf = (text: string) => calendar.read(text, 'answer')

/** Ends every process of the server, lets the database remember this latest instant, and starts them all again. */
async function restartWhere(server: Server, latest: number): Promise<void> {
  const processes = Object.values(server.services?.processes ?? {}).flat()
  await server.stop()
  await Promise.all(processes.map((one) => one.stop()))
  const database = await open({ url: server.services?.database.url ?? `file:${server.dataDir}/channelling.db` })
  await database.write([{ sql: 'UPDATE booking_clock SET latest = ?', args: [latest] }])
  await database.close()
  // a closed connection keeps its files, and the locks on them, until it is collected
  Bun.gc(true)
  await Promise.all(processes.map((one) => one.start()))
  await server.restart()
}

test('a clock that was set back by an hour while nothing ran: all goes on from the latest moment there was', async () => {
  const over = aSession({ startsInMinutes: 10, lastsMinutes: 40 })
  await using server = await startServer({
    environment: { HOLD_MINUTES: String(HOLD_MINUTES), WEBHOOKS_PRIVATE: 'allow' },
    seed: aHospital({ sessions: [aSession({ startsInMinutes: 24 * 60 }), over] }),
  })
  const book = async (sessionInstanceId: number, more: object = {}) =>
    (await server.call('POST', '/api/channel/bookings', { sessionInstanceId, patientId: 1, ...more })).body
  const read = async (path: string) => (await server.call('GET', path)).body.data
  expect((await book(1)).data.number).toBe(1)
  const hold = (await book(1, { hold: true })).data
  expect((await read('/api/channel/sessions/2')).status).toBe('Available')

  const latest = Date.now() + HOUR_MS
  await restartWhere(server, latest)
  /** From the mark on, to the second, and no more than the test itself takes. */
  const expectGoesOn = (text: string, after = 0) => {
    expect(instantOf(text)).toBeGreaterThanOrEqual(latest + after - 1_000)
    expect(instantOf(text)).toBeLessThan(latest + after + MINUTE_MS)
  }

  // what ran out within the hour has run out
  expect(await read(`/api/channel/bookings/${hold.id}`)).toMatchObject({ status: 'EXPIRED' })
  expect(await read('/api/channel/sessions/2')).toMatchObject({ status: 'Ended', bookable: false })
  expect((await book(2)).reason).toBe('session_not_bookable')
  const { data: booked } = await book(1)
  expect(booked.number).toBe(2)
  expectGoesOn(booked.createdAt)
  const { data: held } = await book(1, { hold: true })
  expectGoesOn(held.createdAt)
  expectGoesOn(held.expiresAt, HOLD_MINUTES * MINUTE_MS)
  expect((await read('/api/channel/sessions/1')).booked).toBe(3)

  const patient = await server.call('POST', '/api/patients', { name: 'Sunil Perera', phone: '0771112223' })
  expectGoesOn(patient.body.data.createdAt)
  // who issues a ticket and who takes it go by the same time
  const { ticket, expiresAt } = (await server.call('POST', '/api/notifications/tickets')).body.data
  expectGoesOn(expiresAt, MINUTE_MS)
  const screen = await subscribe(server, { key: null, query: `?access_token=${ticket}` })
  await book(1)
  expect(await screen.got(1)).toEqual(['Online Booking Completed - 1'])
  screen.close()

  // receivers know nothing of it, and refuse what was not sent just now by their own clocks
  await using receiver = startReceiver()
  const { id, secret } = (await server.call('POST', '/api/notifications/webhooks', { url: receiver.url })).body.data
  await book(1)
  await server.call('POST', `/api/notifications/webhooks/${id}/test`)
  const sent = await receiver.until((received) => received.length >= 2)
  expect(sent.map((message) => verifies(message, secret))).toEqual([true, true])
})
