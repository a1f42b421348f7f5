import { afterAll, beforeAll, expect, setDefaultTimeout, test } from 'bun:test'
import { aHospital, aSession } from '../support/hospital'
import { type Server, startServer } from '../support/server'

setDefaultTimeout(60_000)

let server: Server
beforeAll(async () => {
  server = await startServer({ seed: aHospital({ sessions: [aSession({ capacity: 1 }), aSession(), aSession()] }) })
})
afterAll(() => server[Symbol.asyncDispose]())

const book = (sessionInstanceId: number) =>
  server.call('POST', '/api/channel/bookings', { sessionInstanceId, patientId: 1 })

test('a cancelled booking gives its place and number back, and stays to be read with the reason', async () => {
  const booked = (await book(1)).body.data
  expect((await book(1)).body.reason).toBe('session_full')

  const cancelled = await server.call('PUT', `/api/channel/bookings/${booked.id}/cancel`, { reason: 'Feels better' })
  expect(cancelled.status).toBe(200)
  expect(cancelled.body.data).toEqual({
    ...booked,
    status: 'PATIENT_CANCELED',
    cancelledAt: expect.stringMatching(/^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d$/),
    cancelReason: 'Feels better',
  })
  expect((await server.call('GET', `/api/channel/bookings/${booked.id}`)).body.data).toEqual(cancelled.body.data)

  const next = (await book(1)).body.data
  expect(next.number).toBe(booked.number)
  expect(next.id).not.toBe(booked.id)
})

test('a body is not needed, and what is cancelled cannot be cancelled, moved or completed', async () => {
  const { id } = (await book(2)).body.data
  expect((await server.call('PUT', `/api/channel/bookings/${id}/cancel`)).status).toBe(200)
  for (const [act, body] of [['cancel'], ['complete'], ['reschedule', { sessionInstanceId: 3 }]] as const) {
    const refused = await server.call('PUT', `/api/channel/bookings/${id}/${act}`, body)
    expect(`${act} ${refused.status} ${refused.body.reason}`).toBe(`${act} 409 booking_not_active`)
  }
  expect((await server.call('GET', '/api/channel/sessions/2')).body.data.booked).toBe(0)
  expect((await server.call('GET', '/api/channel/sessions/3')).body.data.booked).toBe(0)
})

test('of many who cancel one booking at once, one does, and its place is given back once', async () => {
  const { id } = (await book(3)).body.data
  await book(3)
  const replies = await Promise.all(
    Array.from({ length: 20 }, () => server.call('PUT', `/api/channel/bookings/${id}/cancel`)),
  )
  expect(replies.map(({ status }) => status).sort()).toEqual([200, ...Array(19).fill(409)])
  expect((await server.call('GET', '/api/channel/sessions/3')).body.data).toMatchObject({ booked: 1, nextNumber: 1 })
})

test('the history tells what happened, when, by whom and why', async () => {
  const { id } = (await book(2)).body.data
  await server.call('PUT', `/api/channel/bookings/${id}/reschedule`, {
    sessionInstanceId: 3,
    reason: 'Later is better',
  })
  await server.call('PUT', `/api/channel/bookings/${id}/cancel`, { reason: 'Feels better' })
  const { status, body } = await server.call('GET', `/api/channel/bookings/${id}/history`)
  expect(status).toBe(200)
  const at = expect.stringMatching(/^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d$/)
  const client = body.data[0].client
  expect(client).toBeString()
  const moved = body.data[1].number
  expect(body.data).toEqual([
    {
      type: 'booking.completed',
      at,
      status: 'ACTIVE',
      sessionId: 2,
      number: 1,
      fromSessionId: null,
      fromNumber: null,
      client,
      actor: null,
      reason: null,
    },
    {
      type: 'booking.rescheduled',
      at,
      status: 'ACTIVE',
      sessionId: 3,
      number: moved,
      fromSessionId: 2,
      fromNumber: 1,
      client,
      actor: null,
      reason: 'Later is better',
    },
    {
      type: 'booking.cancelled',
      at,
      status: 'PATIENT_CANCELED',
      sessionId: 3,
      number: moved,
      fromSessionId: null,
      fromNumber: null,
      client,
      actor: 'patient',
      reason: 'Feels better',
    },
  ])
})
