import { afterAll, beforeAll, expect, setDefaultTimeout, test } from 'bun:test'
import { type ApiClient, aClient } from '../support/client'
import { aHospital, aSession } from '../support/hospital'
import { type Reply, type Server, startServer } from '../support/server'

setDefaultTimeout(60_000)

let server: Server
let owner: ApiClient
let stranger: ApiClient
let ward: ApiClient
let id: number
beforeAll(async () => {
  server = await startServer({ seed: aHospital({ sessions: [aSession(), aSession()] }) })
  owner = await aClient(server)
  stranger = await aClient(server)
  ward = await aClient(server, { access: 'all' })
  const asked = { sessionInstanceId: 1, patientId: 1, reference: 'OWN-1', hold: true }
  id = (await owner.call('POST', '/api/channel/bookings', asked)).body.data.id
})
afterAll(() => server[Symbol.asyncDispose]())

/** All of an answer but what every answer has of its own. */
const withoutIdentity = ({ status, text, headers, body }: Reply) => ({
  status,
  text: text.replace(body.requestId, ''),
  headers: [...headers].filter(([name]) => name !== 'x-request-id' && name !== 'date'),
})

const operations: [method: string, path: string, body: object | undefined][] = [
  ['GET', '', undefined],
  ['GET', '/history', undefined],
  ['PUT', '/cancel', undefined],
  ['PUT', '/cancel', { reason: 'Not mine' }],
  ['PUT', '/complete', undefined],
  ['PUT', '/reschedule', { sessionInstanceId: 2 }],
  ['PUT', '/reschedule', { sessionInstanceId: 1 }],
]

test.each(operations)(
  "another client's booking and one that never was get the same answer, to the byte: %s %s",
  async (method, path, body) => {
    const of = (booking: number) => stranger.call(method, `/api/channel/bookings/${booking}${path}`, body)
    const notMine = await of(id)
    const unknown = await of(999)
    expect(notMine.status).toBe(404)
    expect(notMine.body).toMatchObject({ status: 'error', code: 404, reason: 'booking_not_found' })
    expect(notMine.body.requestId).toBe(notMine.headers.get('x-request-id'))
    expect(withoutIdentity(notMine)).toEqual(withoutIdentity(unknown))
  },
)

test("a patient's bookings show a client those that it made", async () => {
  const theirs = (await stranger.call('POST', '/api/channel/bookings', { sessionInstanceId: 2, patientId: 1 })).body
    .data
  const seenBy = async (client: ApiClient) => {
    const { body } = await client.call('GET', '/api/channel/bookings/patient/1')
    expect(body.page.total).toBe(body.data.length)
    return body.data.map((booking: { id: number }) => booking.id)
  }
  expect(await seenBy(owner)).toEqual([id])
  expect(await seenBy(stranger)).toEqual([theirs.id])
  expect(await seenBy(ward)).toEqual([theirs.id, id])
})

test('nothing that was refused has changed the booking; the owner and the hospital may still change it', async () => {
  for (const [method, path, body] of operations) await stranger.call(method, `/api/channel/bookings/${id}${path}`, body)
  const { data } = (await owner.call('GET', `/api/channel/bookings/${id}`)).body
  expect(data).toMatchObject({ id, status: 'PENDING', sessionId: 1, number: 1 })
  expect((await ward.call('GET', `/api/channel/bookings/${id}`)).body.data).toEqual(data)
  expect((await ward.call('PUT', `/api/channel/bookings/${id}/complete`)).status).toBe(200)
  expect((await owner.call('PUT', `/api/channel/bookings/${id}/cancel`)).status).toBe(200)
})
