import { afterEach, beforeEach, expect, test } from 'bun:test'
import { aDirectory, aSession, type Catalogue, someBookings, startCatalogue } from '../testing'

let catalogue: Catalogue
beforeEach(async () => {
  catalogue = await startCatalogue()
  await aDirectory(catalogue.database)
})
afterEach(() => catalogue.close())

const SESSIONS = '/api/channel/sessions'
const publish = (different: object = {}) => catalogue.call('POST', SESSIONS, { ...aBody, ...different })
const change = (id: number, body: object) => catalogue.call('PUT', `${SESSIONS}/${id}`, body)
const cancel = (id: number) => catalogue.call('DELETE', `${SESSIONS}/${id}`)

const events = async () =>
  (await catalogue.database.read<{ type: string; payload: string }>('SELECT * FROM event ORDER BY seq')).map(
    ({ type, payload }) => [type.replace('session.', ''), JSON.parse(payload)],
  )

const aBody = {
  consultantId: 2,
  hospitalId: 1,
  startsAt: '2026-05-20 09:30:00',
  endsAt: '2026-05-20 12:30:00',
  capacity: 2,
  minutesPerPatient: 6,
  reservedNumbers: [1],
  fees: { local: { doctor: 2000, hospital: 500 } },
}

test('a session is published, found at its location, and told of', async () => {
  const reply = await publish()
  expect(reply).toMatchObject({
    status: 201,
    location: `${SESSIONS}/1`,
    body: { code: 201, data: { id: 1, status: 'Available', nextNumber: 2, currency: 'LKR', room: null } },
  } as object)
  expect((await catalogue.get(reply.location!)).body.data).toEqual(reply.body.data)
  expect(await catalogue.database.read('SELECT type, session_id, client_id, at FROM event')).toEqual([
    { type: 'session.published', session_id: 1, client_id: 1, at: catalogue.clock() },
  ])
  const { data } = (await catalogue.get('/api/channel/consultants/2')).body
  expect(data.hospitals).toHaveLength(2)
})

test('the same slot again is refused with the one that is there, and tells of nothing', async () => {
  await publish()
  expect(await publish({ capacity: 9 })).toMatchObject({
    status: 409,
    body: { reason: 'already_exists', existing: { id: 1 } },
  })
  expect(await events()).toHaveLength(1)
})

test('of two that publish the same slot at once, one does', async () => {
  const replies = await Promise.all([publish(), publish()])
  expect(replies.map(({ status }) => status).sort()).toEqual([201, 409])
  expect(await events()).toHaveLength(1)
})

test('a session needs a consultant and a hospital in use, and an end after its start', async () => {
  expect(await publish({ consultantId: 77 })).toMatchObject({ status: 404, body: { reason: 'consultant_not_found' } })
  expect(await publish({ hospitalId: 77 })).toMatchObject({ status: 404, body: { reason: 'hospital_not_found' } })
  expect(await publish({ endsAt: aBody.startsAt })).toMatchObject({
    status: 400,
    body: { fields: [{ path: 'body.endsAt' }] },
  } as object)
  expect(await publish({ startsAt: '2026-02-30 09:00:00' })).toMatchObject({ status: 400 })
  expect(await events()).toEqual([])
})

test('a change changes what is given, leaves the rest, and is told of once', async () => {
  const id = await aSession(catalogue.database)
  const before = (await catalogue.get(`${SESSIONS}/${id}`)).body.data
  const reply = await change(id, {
    room: null,
    capacity: 40,
    endsAt: '2026-05-18 13:00:00',
    minutesPerPatient: 5,
    fees: { local: { doctor: 1, hospital: 2 } },
  })
  expect(reply.status).toBe(200)
  expect(reply.body.data).toEqual({
    ...before,
    room: null,
    capacity: 40,
    remaining: 40,
    endsAt: '2026-05-18 13:00:00',
    minutesPerPatient: 5,
    fees: { local: { doctor: 1, hospital: 2, total: 3 }, foreign: { doctor: 1, hospital: 2, total: 3 } },
  } as never)
  expect(await events()).toEqual([['changed', {}]])
  const version = () => catalogue.database.read('SELECT version FROM seat')
  const written = await version()
  await change(id, { capacity: 40, room: null })
  await change(id, {})
  expect(await events()).toHaveLength(1)
  expect(await version()).toEqual(written)
})

test('a session goes from status to status, each told of with where it came from', async () => {
  const id = await aSession(catalogue.database)
  const turn = async (status: string, statusReason?: string) => (await change(id, { status, statusReason })).body.data
  expect(await turn('Hold', 'Theatre')).toMatchObject({ status: 'Hold', statusReason: 'Theatre' } as object)
  await turn('Hold')
  expect(await turn('Available')).toMatchObject({ status: 'Available', statusReason: null } as object)
  await turn('Holiday')
  await turn('Available')
  await turn('Started')
  expect(await turn('Ended')).toMatchObject({ status: 'Ended', bookable: false, nextNumber: null } as object)
  expect(await events()).toEqual([
    ['held', { fromStatus: 'Available', toStatus: 'Hold' }],
    ['resumed', { fromStatus: 'Hold', toStatus: 'Available' }],
    ['holiday', { fromStatus: 'Available', toStatus: 'Holiday' }],
    ['resumed', { fromStatus: 'Holiday', toStatus: 'Available' }],
    ['started', { fromStatus: 'Available', toStatus: 'Started' }],
    ['ended', { fromStatus: 'Started', toStatus: 'Ended' }],
  ])
  expect(await change(id, { status: 'Available' })).toMatchObject({
    status: 409,
    body: { reason: 'status_not_allowed' },
  })
  expect(await change(id, { room: '9' })).toMatchObject({ status: 409, body: { reason: 'status_not_allowed' } })
  expect((await change(id, { status: 'Ended' })).status).toBe(200)
})

test('a session that ran past its end can be given a later one', async () => {
  const id = await aSession(catalogue.database)
  catalogue.setTime('2026-05-18 12:30:00')
  expect((await change(id, { endsAt: '2026-05-18 13:00:00' })).body.data.status).toBe('Available')
  expect(await change(id, { endsAt: '2026-05-18 09:30:00' })).toMatchObject({ status: 400 })
})

test('a capacity below what is taken is refused, at what is taken it is Full, and 0 lifts the limit', async () => {
  const id = await aSession(catalogue.database)
  await someBookings(catalogue.database, id, [1, 2, 3])
  expect(await change(id, { capacity: 2 })).toMatchObject({ status: 409, body: { reason: 'capacity_below_taken' } })
  expect(await events()).toEqual([])
  expect((await change(id, { capacity: 3 })).body.data.status).toBe('Full')
  expect((await change(id, { capacity: 0 })).body.data).toMatchObject({
    status: 'Available',
    remaining: null,
  } as object)
})

test('a session is cancelled, booked or not; cancelled it is listed, once told of, and stays so', async () => {
  const id = await aSession(catalogue.database)
  await someBookings(catalogue.database, id, [1])
  expect((await cancel(id)).body.data).toMatchObject({ id, status: 'Cancelled', bookable: false } as object)
  expect((await cancel(id)).status).toBe(200)
  expect(await events()).toEqual([['cancelled', { fromStatus: 'Available', toStatus: 'Cancelled' }]])
  expect(await change(id, { status: 'Available' })).toMatchObject({
    status: 409,
    body: { reason: 'status_not_allowed' },
  })
  expect((await catalogue.get(SESSIONS)).body.page.total).toBe(1)
})

test('changes that meet are all kept, and each is told of', async () => {
  const id = await aSession(catalogue.database)
  const replies = await Promise.all([
    change(id, { room: '9' }),
    change(id, { capacity: 99 }),
    change(id, { minutesPerPatient: 4 }),
    change(id, { status: 'Hold' }),
  ])
  expect(replies.map(({ status }) => status)).toEqual([200, 200, 200, 200])
  expect((await catalogue.get(`${SESSIONS}/${id}`)).body.data).toMatchObject({
    room: '9',
    capacity: 99,
    minutesPerPatient: 4,
    status: 'Hold',
  } as object)
  expect(await events()).toHaveLength(4)
})

test('what is unknown or faulty is refused', async () => {
  const id = await aSession(catalogue.database)
  expect(await change(77, { room: '1' })).toMatchObject({ status: 404, body: { reason: 'session_not_found' } })
  expect(await cancel(77)).toMatchObject({ status: 404, body: { reason: 'session_not_found' } })
  for (const wrong of [
    { status: 'Full' },
    { status: 'Cancelled' },
    { capacity: null },
    { colour: 1 },
    { endsAt: '2026-02-30' },
    { room: '' },
  ]) {
    expect(await change(id, wrong)).toMatchObject({ status: 400, body: { reason: 'invalid_request' } })
  }
})
