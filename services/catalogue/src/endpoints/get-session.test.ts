import { afterEach, beforeEach, expect, test } from 'bun:test'
import { aDirectory, aSession, type Catalogue, local, someBookings, startCatalogue } from '../testing'

let catalogue: Catalogue
beforeEach(async () => {
  catalogue = await startCatalogue()
  await aDirectory(catalogue.database)
})
afterEach(() => catalogue.close())

const session = async (id: number) => (await catalogue.get(`/api/channel/sessions/${id}`)).body.data

test('a session shows every property of the contract', async () => {
  const id = await aSession(catalogue.database, { reservedNumbers: [13] })
  await someBookings(catalogue.database, id, [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12])
  await catalogue.database.write([{ sql: 'UPDATE seat SET next_number = 14', args: [] }])
  const reply = await catalogue.get(`/api/channel/sessions/${id}`)
  expect(reply.status).toBe(200)
  expect(reply.body).toEqual<unknown>({
    status: 'success',
    code: 200,
    data: {
      id,
      consultantId: 1,
      consultant: 'Dr A. Perera',
      specialityId: 1,
      speciality: 'Cardiology',
      hospitalId: 1,
      hospital: 'City Hospital',
      room: '3',
      startsAt: '2026-05-18 09:30:00',
      endsAt: '2026-05-18 12:30:00',
      status: 'Available',
      statusReason: null,
      bookable: true,
      capacity: 30,
      booked: 12,
      remaining: 18,
      nextNumber: 14,
      minutesPerPatient: 6,
      nextTurnAt: '2026-05-18 10:48:00',
      currency: 'LKR',
      fees: {
        local: { doctor: 2000, hospital: 500, total: 2500 },
        foreign: { doctor: 4000, hospital: 1000, total: 5000 },
      },
    },
  })
})

test('amounts that are no binary fractions add up to the cent', async () => {
  const id = await aSession(catalogue.database, { localDoctorFee: 10, localHospitalFee: 20 })
  expect((await session(id)).fees.local).toEqual({ doctor: 0.1, hospital: 0.2, total: 0.3 })
})

test('the first number is the starting number, reserved ones passed over', async () => {
  const id = await aSession(catalogue.database, { startingNumber: 5, reservedNumbers: [5, 6, 9] })
  expect(await session(id)).toMatchObject({ nextNumber: 7, nextTurnAt: '2026-05-18 09:42:00' })
})

test('a number given back is the next to be given', async () => {
  const id = await aSession(catalogue.database)
  await someBookings(catalogue.database, id, [1, 2, 3, 4])
  await catalogue.database.write([{ sql: `UPDATE seat SET taken = 2, released = '[2,3]'`, args: [] }])
  expect(await session(id)).toMatchObject({ booked: 2, nextNumber: 2 })
})

test('a held place gives itself and its number back at the instant, before anything has swept it', async () => {
  const id = await aSession(catalogue.database, { capacity: 3 })
  await someBookings(catalogue.database, id, [1])
  await someBookings(catalogue.database, id, [2, 3], '2026-05-18 09:00:00')
  catalogue.setTime('2026-05-18 08:59:59')
  expect(await session(id)).toMatchObject({
    status: 'Full',
    booked: 3,
    remaining: 0,
    nextNumber: null,
    nextTurnAt: null,
  })
  catalogue.setTime('2026-05-18 09:00:00')
  expect(await session(id)).toMatchObject({ status: 'Available', booked: 1, remaining: 2, nextNumber: 2 })
  expect((await catalogue.get('/api/channel/sessions?bookable=true')).body.page.total).toBe(1)
})

test('a reserved number whose hold ran out stays reserved', async () => {
  const id = await aSession(catalogue.database, { reservedNumbers: [1] })
  await someBookings(catalogue.database, id, [1, 2], '2026-05-18 07:00:00')
  expect(await session(id)).toMatchObject({ booked: 0, nextNumber: 2 })
})

test('a run-out hold of one session changes nothing for another', async () => {
  const held = await aSession(catalogue.database)
  const other = await aSession(catalogue.database, { hospitalId: 2 })
  await someBookings(catalogue.database, held, [1], '2026-05-18 07:00:00')
  await someBookings(catalogue.database, other, [1])
  expect(await session(other)).toMatchObject({ booked: 1, nextNumber: 2 })
})

test('a session without a limit is never full and says no remaining places', async () => {
  const id = await aSession(catalogue.database, { capacity: 0 })
  await someBookings(catalogue.database, id, [1, 2, 3])
  expect(await session(id)).toMatchObject({ status: 'Available', capacity: 0, remaining: null, nextNumber: 4 })
})

test('a session is over at its end, not before', async () => {
  const id = await aSession(catalogue.database)
  catalogue.setTime('2026-05-18 12:29:59')
  expect((await session(id)).status).toBe('Available')
  catalogue.setTime('2026-05-18 12:30:00')
  expect(await session(id)).toMatchObject({ status: 'Ended', bookable: false, nextNumber: null })
})

test('what does not exist is not found, and what is no id is refused', async () => {
  expect(await catalogue.get('/api/channel/sessions/77')).toMatchObject({
    status: 404,
    body: { reason: 'session_not_found' },
  })
  for (const id of ['0', '-1', '1e9', 'x', '9007199254740993', '%00']) {
    const reply = await catalogue.get(`/api/channel/sessions/${id}`)
    expect(reply).toMatchObject({ status: 400, body: { reason: 'invalid_request', fields: [{ path: 'path.id' }] } })
  }
})

test('a caller without the scope, or not from the gateway, is refused', async () => {
  const id = await aSession(catalogue.database, { endedAt: local('2026-05-18 00:00:00') })
  const reply = await catalogue.call('GET', `/api/channel/sessions/${id}`, undefined, { scopes: ['bookings:read'] })
  expect(reply).toMatchObject({ status: 403, body: { reason: 'scope_missing' } })
  const bare = await catalogue.app.fetch(new Request(`http://localhost/api/channel/sessions/${id}`))
  expect(bare.status).toBe(401)
})
