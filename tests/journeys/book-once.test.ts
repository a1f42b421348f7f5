import { afterAll, beforeAll, expect, setDefaultTimeout, test } from 'bun:test'
import { type ApiClient, aClient } from '../support/client'
import { crowd } from '../support/crowd'
import { aHospital, aSession } from '../support/hospital'
import { type Call, type Server, startServer } from '../support/server'

setDefaultTimeout(60_000)

let server: Server
let agent: ApiClient
let other: ApiClient
beforeAll(async () => {
  server = await startServer({
    seed: aHospital({
      sessions: [aSession(), aSession(), aSession({ capacity: 1 }), aSession(), aSession()],
      patients: 2,
    }),
  })
  agent = await aClient(server)
  other = await aClient(server)
})
afterAll(() => server[Symbol.asyncDispose]())

const booked = async (id: number) => (await server.call('GET', `/api/channel/sessions/${id}`)).body.data.booked
const once = (call: Call, key: string, method: string, path: string, body?: unknown) =>
  call(method, path, body, { headers: { 'idempotency-key': key } })
const path = '/api/channel/bookings'

test('fifty requests at once with one Idempotency-Key make one booking and are told one thing', async () => {
  const replies = await crowd(
    server,
    Array.from({ length: 50 }, () => ({
      method: 'POST',
      path,
      key: agent.key,
      headers: { 'idempotency-key': 'fifty' },
      body: { sessionInstanceId: 1, patientId: 1 },
    })),
  )
  expect(replies.map(({ status }) => status)).toEqual(Array(50).fill(201))
  expect(new Set(replies.map(({ text }) => text)).size).toBe(1)
  expect(new Set(replies.map(({ headers }) => headers.get('location'))).size).toBe(1)
  const replays = replies.map(({ headers }) => headers.get('idempotent-replay'))
  expect(replays.filter((replay) => replay === null)).toHaveLength(1)
  expect(replays.filter((replay) => replay === 'true')).toHaveLength(49)
  expect(await booked(1)).toBe(1)
})

test('the first answer is given again, even when the booking has changed since', async () => {
  const asked = { sessionInstanceId: 2, patientId: 1 }
  const first = await once(agent.call, 'again', 'POST', path, asked)
  await agent.call('PUT', `${path}/${first.body.data.id}/cancel`)
  const second = await once(agent.call, 'again', 'POST', path, asked)
  expect(second.status).toBe(201)
  expect(second.text).toBe(first.text)
  expect(second.headers.get('idempotent-replay')).toBe('true')
  expect(second.headers.get('location')).toBe(first.headers.get('location'))
  expect(await booked(2)).toBe(0)
})

test('a refusal is given again too', async () => {
  const taken = await agent.call('POST', path, { sessionInstanceId: 3, patientId: 1 })
  const first = await once(agent.call, 'full', 'POST', path, { sessionInstanceId: 3, patientId: 2 })
  expect(first.body.reason).toBe('session_full')
  expect(first.headers.get('idempotent-replay')).toBeNull()
  await agent.call('PUT', `${path}/${taken.body.data.id}/cancel`)
  const second = await once(agent.call, 'full', 'POST', path, { sessionInstanceId: 3, patientId: 2 })
  expect(second.status).toBe(409)
  expect({ ...second.body, requestId: '' }).toEqual({ ...first.body, requestId: '' })
  expect(second.headers.get('idempotent-replay')).toBe('true')
})

test('cancel, move and complete happen once as well', async () => {
  const { id } = (await agent.call('POST', path, { sessionInstanceId: 4, patientId: 1, hold: true })).body.data
  for (const [act, body] of [
    ['complete', { paymentMethod: 'Cash' }],
    ['reschedule', { sessionInstanceId: 5 }],
    ['cancel', { reason: 'Ill' }],
  ] as const) {
    const first = await once(agent.call, act, 'PUT', `${path}/${id}/${act}`, body)
    const second = await once(agent.call, act, 'PUT', `${path}/${id}/${act}`, body)
    expect([act, first.status, second.status]).toEqual([act, 200, 200])
    expect(second.text).toBe(first.text)
    expect(second.headers.get('idempotent-replay')).toBe('true')
  }
  expect((await agent.call('GET', `${path}/${id}/history`)).body.data).toHaveLength(4)
})

test('one Idempotency-Key with another request is refused', async () => {
  const asked = { sessionInstanceId: 1, patientId: 1 }
  const { id } = (await once(agent.call, 'mine', 'POST', path, asked)).body.data
  const before = await booked(1)
  for (const [method, to, body] of [
    ['POST', path, { ...asked, patientId: 2 }],
    ['POST', path, { ...asked, hold: true }],
    ['PUT', `${path}/${id}/cancel`, undefined],
    ['PUT', `${path}/${id}/cancel`, { reason: 'Ill' }],
  ] as const) {
    const refused = await once(agent.call, 'mine', method, to, body)
    expect(`${method} ${refused.status} ${refused.body.reason}`).toBe(`${method} 422 idempotency_key_reused`)
  }
  expect(await booked(1)).toBe(before)
})

test('what one client keeps under a key is nothing to another', async () => {
  const asked = { sessionInstanceId: 1, patientId: 1 }
  const mine = await once(agent.call, 'shared', 'POST', path, asked)
  const theirs = await once(other.call, 'shared', 'POST', path, { ...asked, patientId: 2 })
  expect(theirs.status).toBe(201)
  expect(theirs.body.data.id).not.toBe(mine.body.data.id)
})

test('clients that use the same key and reference at the same moment each get a booking of their own', async () => {
  const replies = await crowd(
    server,
    Array.from({ length: 40 }, (_, index) => ({
      method: 'POST',
      path,
      key: [agent.key, other.key][index % 2],
      headers: { 'idempotency-key': 'moment' },
      body: { sessionInstanceId: 5, patientId: 1, reference: 'MOMENT' },
    })),
  )
  expect(replies.map(({ status }) => status)).toEqual(Array(40).fill(201))
  const [mine, theirs] = [0, 1].map(
    (client) => new Set(replies.filter((_, index) => index % 2 === client).map(({ body }) => body.data.id)),
  )
  expect([mine!.size, theirs!.size]).toEqual([1, 1])
  expect(mine!.isDisjointFrom(theirs!)).toBe(true)
})

test('an Idempotency-Key has 1 to 255 characters', async () => {
  const asked = { sessionInstanceId: 1, patientId: 1 }
  expect((await once(agent.call, 'k'.repeat(255), 'POST', path, asked)).status).toBe(201)
  const refused = await once(agent.call, 'k'.repeat(256), 'POST', path, asked)
  expect(`${refused.status} ${refused.body.reason}`).toBe('400 invalid_request')
})

test("a reference is the client's own number: once per client, for ever", async () => {
  const book = (call: Call, reference: string) => call('POST', path, { sessionInstanceId: 1, patientId: 1, reference })
  const replies = await Promise.all(Array.from({ length: 20 }, () => book(agent.call, 'REF-1')))
  expect(replies.map(({ status, body }) => body.reason ?? status).sort()).toEqual([
    201,
    ...Array(19).fill('reference_used'),
  ])
  const { id } = replies.find(({ status }) => status === 201)!.body.data
  await agent.call('PUT', `${path}/${id}/cancel`)
  const again = await book(agent.call, 'REF-1')
  expect(`${again.status} ${again.body.reason}`).toBe('409 reference_used')
  expect((await book(other.call, 'REF-1')).status).toBe(201)
  expect((await book(agent.call, 'REF-2')).status).toBe(201)
})
