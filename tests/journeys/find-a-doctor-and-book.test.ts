import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from 'bun:test'
import type { Database } from '@channelling/schema'
import { aHospital, aSession } from '../support/hospital'
import { type Server, startServer } from '../support/server'

setDefaultTimeout(60_000)

/** A skin doctor beside the two cardiologists, who sits tomorrow. */
const withDermatology = async (database: Database) => {
  await aHospital({ sessions: [aSession({ startsInMinutes: 120 }), aSession(), aSession()], patients: 2 })(database)
  await database.write([
    { sql: "INSERT INTO speciality (id, name, code) VALUES (2, 'Dermatology', 'DERM')", args: [] },
    { sql: "UPDATE consultant SET name = 'A. Perera', speciality_id = 2 WHERE id = 3", args: [] },
    { sql: 'UPDATE session SET starts_at = starts_at + 86400000, ends_at = ends_at + 86400000 WHERE id = 3', args: [] },
  ])
}

test('from a speciality to its consultant, to the session, to a number in it', async () => {
  await using server = await startServer({ seed: withDermatology })
  const get = async (path: string) => {
    const { status, body } = await server.call('GET', path)
    expect(status).toBe(200)
    return body
  }

  const specialities = (await get('/api/channel/specialities?query=derma')).data
  expect(specialities).toEqual([{ id: 2, name: 'Dermatology', code: 'DERM', description: null }])

  const consultants = await get(`/api/channel/consultants?specialityId=${specialities[0].id}`)
  expect(consultants.page).toEqual({ page: 0, size: 20, total: 1 })
  expect(consultants.data).toEqual([
    {
      id: 3,
      name: 'A. Perera',
      title: 'Dr',
      registration: 'SLMC 3',
      qualification: null,
      specialityId: 2,
      speciality: 'Dermatology',
      hospitals: [{ id: 1, name: 'City Hospital' }],
    },
  ])

  const sessions = (await get(`/api/channel/sessions?consultantId=${consultants.data[0].id}&bookable=true`)).data
  expect(sessions.map(({ id }: { id: number }) => id)).toEqual([3])
  const session = (await get(`/api/channel/sessions/${sessions[0].id}`)).data
  expect(session).toEqual(sessions[0])
  expect(session).toMatchObject({
    consultant: 'Dr A. Perera',
    speciality: 'Dermatology',
    hospital: 'City Hospital',
    room: '3',
    status: 'Available',
    statusReason: null,
    bookable: true,
    capacity: 30,
    booked: 0,
    remaining: 30,
    nextNumber: 1,
    nextTurnAt: session.startsAt,
    currency: 'LKR',
    fees: {
      local: { doctor: 2000, hospital: 500, total: 2500 },
      foreign: { doctor: 4000, hospital: 1000, total: 5000 },
    },
  })

  const asked = {
    sessionInstanceId: session.id,
    patientId: 2,
    paymentMethod: 'Card',
    itemId: 44,
    reference: 'AGT-REF-001',
  }
  const booked = await server.call('POST', '/api/channel/bookings', asked)
  expect(booked.status).toBe(201)
  expect(booked.body).toMatchObject({ status: 'success', code: 201 })
  const { id, createdAt } = booked.body.data
  expect(booked.headers.get('location')).toBe(`/api/channel/bookings/${id}`)
  expect(booked.body.data).toEqual({
    id: 1,
    sessionId: 3,
    number: 1,
    status: 'ACTIVE',
    patientId: 2,
    patientName: 'Patient 2',
    consultant: 'Dr A. Perera',
    hospital: 'City Hospital',
    startsAt: session.startsAt,
    estimatedAt: session.startsAt,
    paymentMethod: 'Card',
    paid: true,
    foreigner: false,
    fee: { doctor: 2000, hospital: 500, total: 2500 },
    currency: 'LKR',
    billNumber: `CH-${createdAt.slice(2, 4)}-000001`,
    reference: 'AGT-REF-001',
    itemId: 44,
    createdAt: expect.stringMatching(/^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d$/),
    expiresAt: null,
    cancelledAt: null,
    cancelReason: null,
  })

  expect((await get(booked.headers.get('location')!)).data).toEqual(booked.body.data)
  expect((await get('/api/channel/sessions/3')).data).toMatchObject({ booked: 1, remaining: 29, nextNumber: 2 })
})

describe('at a hospital of three sessions and three patients, the second of whom is a foreigner', () => {
  let server: Server
  beforeAll(async () => {
    server = await startServer({
      seed: async (database) => {
        await aHospital({ sessions: [aSession(), aSession(), aSession()], patients: 3 })(database)
        await database.write([{ sql: 'UPDATE patient SET foreigner = 1 WHERE id = 2', args: [] }])
      },
    })
  })
  afterAll(() => server?.[Symbol.asyncDispose]())

  test("a patient's bookings are listed newest first, a page at a time", async () => {
    for (const [patientId, sessionId] of [
      [1, 1],
      [2, 1],
      [1, 2],
      [1, 1],
    ]) {
      expect((await server.call('POST', '/api/channel/bookings', { sessionId, patientId })).status).toBe(201)
    }
    const list = async (path: string) => (await server.call('GET', `/api/channel/bookings/patient/${path}`)).body
    const ids = ({ data }: { data: { id: number }[] }) => data.map(({ id }) => id)

    expect(ids(await list('1'))).toEqual([4, 3, 1])
    const second = await list('1?page=1&size=2')
    expect(ids(second)).toEqual([1])
    expect(second.page).toEqual({ page: 1, size: 2, total: 3 })
    expect(await list('3')).toMatchObject({ status: 'success', data: [], page: { total: 0 } })
    expect(await list('4')).toMatchObject({ status: 'error', code: 404, reason: 'patient_not_found' })
  })

  test('a foreigner pays the foreign fee, whether registered as one or said to be one', async () => {
    const fee = async (body: object) =>
      (await server.call('POST', '/api/channel/bookings', { sessionId: 1, ...body })).body.data.fee.total
    expect(await fee({ patientId: 1 })).toBe(2500)
    expect(await fee({ patientId: 2 })).toBe(5000)
    expect(await fee({ patientId: 1, foreigner: true })).toBe(5000)
    expect(await fee({ patientId: 2, foreigner: false })).toBe(2500)
  })

  test('a booking needs a patient and a session that exist, the session named once', async () => {
    const refusal = async (body: object) => {
      const reply = await server.call('POST', '/api/channel/bookings', body)
      return `${reply.status} ${reply.body.reason}`
    }
    expect(await refusal({ sessionInstanceId: 9, patientId: 1 })).toBe('404 session_not_found')
    expect(await refusal({ sessionInstanceId: 3, patientId: 9 })).toBe('404 patient_not_found')
    expect(await refusal({ sessionInstanceId: 3, sessionId: 3, patientId: 1 })).toBe('400 invalid_request')
    expect(await refusal({ patientId: 1 })).toBe('400 invalid_request')
    expect((await server.call('GET', '/api/channel/sessions/3')).body.data.booked).toBe(0)
  })
})
