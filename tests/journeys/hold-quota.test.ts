import { expect, setDefaultTimeout, test } from 'bun:test'
import { MINUTE_MS } from '@channelling/contract'
import { aClient } from '../support/client'
import { type Desk, type DeskGiven, startDesk } from '../support/desk'
import { aHospital, aSession } from '../support/hospital'
import { startServer } from '../support/server'

setDefaultTimeout(60_000)

const HOSPITAL = 1
const PORTAL = 2
const AGENCY = 3

const aDesk = (capacities: number[], given: Partial<DeskGiven> = {}) =>
  startDesk({
    seed: aHospital({ sessions: capacities.map((capacity) => aSession({ capacity })) }),
    clients: [
      { name: 'Hospital', access: 'all' },
      { name: 'Portal', access: 'own' },
      { name: 'Agency', access: 'own' },
    ],
    ...given,
  })

const told = ({ status, body }: { status: number; body: { reason?: string } }) => body.reason ?? status
const reserve = (desk: Desk, client: number, sessionInstanceId: number, more: object = { hold: true }) =>
  desk.call('POST', '/api/channel/bookings', { sessionInstanceId, patientId: 1, ...more }, { client })
const put = (desk: Desk, client: number, id: number, act: string, body?: object) =>
  desk.call('PUT', `/api/channel/bookings/${id}/${act}`, body, { client })
const holds = async (desk: Desk, client: number, sessionId: number, count: number) => {
  const replies = await Promise.all(Array.from({ length: count }, () => reserve(desk, client, sessionId)))
  return replies.map(told)
}

test.each([
  [1, 1],
  [2, 1],
  [3, 1],
  [4, 2],
  [9, 4],
  [30, 15],
])(
  'of %i places a client holds %i at most, the hospital’s own too, and whoever else comes finds the rest',
  async (capacity, share) => {
    await using desk = await aDesk([capacity, capacity])
    const then = share === capacity ? 'session_full' : 'too_many_holds'
    const expected = [...Array(share).fill(201), ...Array(capacity + 2 - share).fill(then)]
    expect(await holds(desk, PORTAL, 1, capacity + 2)).toEqual(expected)
    expect(await holds(desk, HOSPITAL, 2, capacity + 2)).toEqual(expected)
    // bookings that are made for good are none of the quota's business
    const left = capacity - share
    const booked = await Promise.all(Array.from({ length: left + 1 }, () => reserve(desk, PORTAL, 1, {})))
    expect(booked.map(told)).toEqual([...Array(left).fill(201), 'session_full'])
  },
)

test('a session without an end of places has no share, only the quota of the client', async () => {
  await using desk = await aDesk([0, 0], { holdsPerClient: 5 })
  expect(await holds(desk, PORTAL, 1, 3)).toEqual([201, 201, 201])
  expect(await holds(desk, PORTAL, 2, 3)).toEqual([201, 201, 'too_many_holds'])
  expect(await holds(desk, AGENCY, 2, 1)).toEqual([201])
  expect(await holds(desk, HOSPITAL, 2, 6)).toEqual([201, 201, 201, 201, 201, 'too_many_holds'])
  await using open = await aDesk([0], { holdsPerClient: 0 })
  expect(new Set(await holds(open, PORTAL, 1, 300))).toEqual(new Set([201]))
})

test('a hold that is completed, cancelled or over makes room for another at once', async () => {
  await using desk = await aDesk([30], { holdsPerClient: 2, sweeping: 'when asked' })
  const [first, second] = [await reserve(desk, PORTAL, 1), await reserve(desk, PORTAL, 1)]
  expect(await holds(desk, PORTAL, 1, 1)).toEqual(['too_many_holds'])
  expect((await put(desk, PORTAL, first.body.data.id, 'complete')).status).toBe(200)
  expect(await holds(desk, PORTAL, 1, 2)).toEqual([201, 'too_many_holds'])
  expect((await put(desk, PORTAL, second.body.data.id, 'cancel')).status).toBe(200)
  expect(await holds(desk, PORTAL, 1, 2)).toEqual([201, 'too_many_holds'])
  desk.time.now += 20 * MINUTE_MS - 1
  expect(await holds(desk, PORTAL, 1, 1)).toEqual(['too_many_holds'])
  desk.time.now += 1
  // nothing is written down of the holds that are over yet
  expect(await holds(desk, PORTAL, 1, 3)).toEqual([201, 201, 'too_many_holds'])
})

test('holds do not gather in one session by way of others', async () => {
  await using desk = await aDesk([4, 4, 4])
  const ids: number[] = []
  for (const session of [1, 1, 2, 2]) ids.push((await reserve(desk, PORTAL, session)).body.data.id)
  const move = async (client: number, id: number, sessionInstanceId: number) =>
    told(await put(desk, client, id, 'reschedule', { sessionInstanceId }))
  expect(await Promise.all(ids.map((id) => move(PORTAL, id, 3)))).toEqual([
    200,
    200,
    'too_many_holds',
    'too_many_holds',
  ])
  expect(await holds(desk, PORTAL, 3, 1)).toEqual(['too_many_holds'])
  // a booking that is paid moves wherever there is a place
  expect((await put(desk, PORTAL, ids[2]!, 'complete')).status).toBe(200)
  expect(await move(PORTAL, ids[2]!, 3)).toBe(200)
  expect(await move(HOSPITAL, ids[3]!, 3)).toBe(200)
  // its own it moves as any client does
  await using other = await aDesk([4, 4])
  expect(await holds(other, HOSPITAL, 2, 2)).toEqual([201, 201])
  const own = (await reserve(other, HOSPITAL, 1)).body.data.id
  expect(told(await put(other, HOSPITAL, own, 'reschedule', { sessionInstanceId: 2 }))).toBe('too_many_holds')
})

test('the quota is told under the Idempotency-Key too', async () => {
  await using desk = await aDesk([2])
  const once = (key: string) =>
    desk.call(
      'POST',
      '/api/channel/bookings',
      { sessionInstanceId: 1, patientId: 1, hold: true },
      { client: PORTAL, headers: { 'idempotency-key': key } },
    )
  expect([told(await once('a')), told(await once('a')), told(await once('b'))]).toEqual([201, 201, 'too_many_holds'])
  const again = await once('b')
  expect([told(again), again.headers.get('idempotent-replay')]).toEqual(['too_many_holds', 'true'])
})

test('groups decided one ahead of the other count each other’s holds', async () => {
  await using desk = await aDesk([0, 600], { holdsPerClient: 700 })
  // each waits for a turn of the loop, so that they come in many groups while others are on their way to the disk
  const trickle = Array.from({ length: 1_600 }, async (_, index) => {
    for (let turn = 0; turn < index / 40; turn++) await new Promise(setImmediate)
    return told(await reserve(desk, PORTAL, 1 + (index % 2)))
  })
  const verdicts = Map.groupBy(await Promise.all(trickle), String)
  expect([verdicts.get('201')?.length, verdicts.get('too_many_holds')?.length]).toEqual([700, 900])
  const [{ held }] = (await desk.database.read<{ held: number }>(
    "SELECT count(*) AS held FROM booking WHERE session_id = 2 AND status = 'PENDING'",
  )) as [{ held: number }]
  expect(held).toBeLessThanOrEqual(300)
})

test('a server refuses more than HOLDS_PER_CLIENT, as its document says', async () => {
  await using server = await startServer({
    environment: { HOLDS_PER_CLIENT: '3' },
    seed: aHospital({ sessions: [aSession(), aSession({ capacity: 2 })] }),
  })
  const portal = await aClient(server)
  const hold = async (sessionInstanceId: number) =>
    told(await portal.call('POST', '/api/channel/bookings', { sessionInstanceId, patientId: 1, hold: true }))
  expect([await hold(2), await hold(2), await hold(1), await hold(1), await hold(1)]).toEqual([
    201,
    'too_many_holds',
    201,
    201,
    'too_many_holds',
  ])
})
