import { afterAll, beforeAll, expect, setDefaultTimeout, test } from 'bun:test'
import { type ApiClient, aClient } from '../support/client'
import { aHospital, aSession } from '../support/hospital'
import type { Reply } from '../support/reply'
import { type Server, startServer } from '../support/server'

setDefaultTimeout(60_000)

const UNKNOWN = 999_999

let server: Server
let owner: ApiClient
let stranger: ApiClient
let ward: ApiClient
beforeAll(async () => {
  server = await startServer({
    seed: aHospital({ sessions: [aSession({ capacity: 0 }), aSession({ capacity: 0 })], patients: 3 }),
    environment: { WEBHOOKS_PRIVATE: 'allow' },
  })
  owner = await aClient(server)
  stranger = await aClient(server)
  ward = await aClient(server, { access: 'all' })
})
afterAll(() => server[Symbol.asyncDispose]())

const hold = async (client: ApiClient, more: object = {}) =>
  (await client.call('POST', '/api/channel/bookings', { sessionInstanceId: 1, patientId: 1, hold: true, ...more })).body
    .data as { id: number }

/** All of an answer but what every answer has of its own. */
const withoutIdentity = ({ status, text, headers, body }: Reply) => ({
  status,
  text: text.replace(body.requestId, ''),
  headers: [...headers].filter(([name]) => name !== 'x-request-id' && name !== 'date'),
})

/** What each operation on one booking may be asked with; every one of the document is here. */
const asked: Record<string, (object | undefined)[]> = {
  readBooking: [undefined],
  readBookingHistory: [undefined],
  cancelBooking: [undefined, { reason: 'Not mine' }],
  completeBooking: [undefined, { paymentMethod: 'Cash' }],
  rescheduleBooking: [{ sessionInstanceId: 2 }, { sessionInstanceId: 1 }, { sessionInstanceId: UNKNOWN }],
}

const onOneBooking = () =>
  server.contract.operations.filter(({ template }) => template.startsWith('/api/channel/bookings/{id}'))

/** The same of one webhook. */
const askedOfWebhooks: Record<string, object | undefined> = {
  getWebhook: undefined,
  changeWebhook: { description: 'Not mine' },
  pauseWebhook: undefined,
  resumeWebhook: undefined,
  rotateWebhookSecret: undefined,
  testWebhook: undefined,
  listWebhookDeliveries: undefined,
  replayWebhookDelivery: undefined,
  replayWebhook: { since: '2026-01-01' },
  // the last, after which it is nobody's
  deleteWebhook: undefined,
}

const ofWebhooks = () =>
  server.contract.operations.filter(({ template }) => template.startsWith('/api/notifications/webhooks/{id}'))

/** What belongs to no client: the scope alone says who may. */
const everybodys =
  /^\/api\/(channel\/(specialities|hospitals|consultants|schedules|sessions|bookings\/patient)|patients|admin\/(clients|keys))\/\{/

test('every operation on one of something is either on what clients own, and walked, or on what is everybody’s', () => {
  const walked = [...onOneBooking(), ...ofWebhooks()]
  expect(walked.map(({ object }) => object.operationId).sort()).toEqual(
    [...Object.keys(asked), ...Object.keys(askedOfWebhooks)].sort(),
  )
  const rest = server.contract.operations.filter((one) => one.template.includes('{') && !walked.includes(one))
  expect(rest.map(({ template }) => template).filter((template) => !everybodys.test(template))).toEqual([])
})

const ways: [way: string, headers: (turn: number) => Record<string, string>][] = [
  ['as it is', () => ({})],
  ['under an Idempotency-Key', (turn) => ({ 'idempotency-key': `of the walk ${turn}`.replaceAll(' ', '-') })],
]

test.each(ways)(
  'of every operation, asked %s: the owner’s booking is answered, another client’s and one that never was alike to the byte',
  async (way, headersOf) => {
    let turn = way.length * 1000
    for (const { method, template, object } of onOneBooking()) {
      for (const body of asked[object.operationId]!) {
        const { id } = await hold(owner)
        const of = (client: ApiClient, booking: number) => {
          const headers = method === 'GET' ? {} : headersOf(++turn)
          return client.call(method, template.replace('{id}', String(booking)), body, { headers })
        }
        const about = `${method} ${template} ${JSON.stringify(body)}`
        const [notMine, unknown] = [await of(stranger, id), await of(stranger, UNKNOWN)]
        expect([about, notMine.status, notMine.body.reason]).toEqual([about, 404, 'booking_not_found'])
        expect(notMine.body.requestId).toBe(notMine.headers.get('x-request-id'))
        expect(withoutIdentity(notMine)).toEqual(withoutIdentity(unknown))
        // nothing of what was refused has changed the booking, and its owner and the hospital are heard
        const { data } = (await owner.call('GET', `/api/channel/bookings/${id}`)).body
        expect(data).toMatchObject({ id, status: 'PENDING', sessionId: 1 })
        expect((await ward.call('GET', `/api/channel/bookings/${id}`)).body.data).toEqual(data)
        const reasonable = await of(owner, id)
        expect([about, reasonable.body.reason]).not.toEqual([about, 'booking_not_found'])
        const another = await hold(owner)
        expect([about, (await of(ward, another.id)).body.reason]).toEqual([about, reasonable.body.reason])
      }
    }
  },
)

test('of every operation on a webhook: another client’s and one that never was are answered alike to the byte, and nothing changes', async () => {
  const { id } = (await owner.call('POST', '/api/notifications/webhooks', { url: 'http://127.0.0.1:9/' })).body.data
  const read = async () => (await owner.call('GET', `/api/notifications/webhooks/${id}`)).body.data
  const before = await read()
  const operations = new Map(ofWebhooks().map((operation) => [operation.object.operationId, operation]))
  for (const [operationId, body] of Object.entries(askedOfWebhooks)) {
    const { method, template } = operations.get(operationId)!
    const of = (client: ApiClient, webhook: number) =>
      client.call(method, template.replace('{id}', String(webhook)).replace('{deliveryId}', '1'), body)
    const [notMine, unknown] = [await of(stranger, id), await of(stranger, UNKNOWN)]
    expect([operationId, notMine.status, notMine.body.reason]).toEqual([operationId, 404, 'webhook_not_found'])
    expect(withoutIdentity(notMine)).toEqual(withoutIdentity(unknown))
    expect(await read()).toEqual(before)
  }
  for (const [operationId, body] of Object.entries(askedOfWebhooks)) {
    const { method, template } = operations.get(operationId)!
    const { body: answer } = await owner.call(method, template.replace('{id}', id).replace('{deliveryId}', '1'), body)
    expect([operationId, answer.reason]).not.toEqual([operationId, 'webhook_not_found'])
  }
})

test('an Idempotency-Key of another client is one that never was', async () => {
  const { id } = await hold(owner)
  const withKey = (client: ApiClient, key: string, path: string, body: object) =>
    client.call(path === '' ? 'POST' : 'PUT', `/api/channel/bookings${path}`, body, {
      headers: { 'idempotency-key': key },
    })
  const booked = { sessionInstanceId: 1, patientId: 2 }
  const theirs = await withKey(owner, 'mine-1', '', booked)
  // the same request is a booking of its own, another request is no misuse of the key
  const same = await withKey(stranger, 'mine-1', '', booked)
  expect([same.status, same.headers.get('idempotent-replay')]).toEqual([201, null])
  expect(same.body.data.id).not.toBe(theirs.body.data.id)
  await withKey(owner, 'mine-2', '', booked)
  expect((await withKey(stranger, 'mine-2', '', { ...booked, patientId: 3 })).status).toBe(201)

  expect((await withKey(owner, 'mine-3', `/${id}/cancel`, {})).status).toBe(200)
  const answers = [
    await withKey(stranger, 'mine-3', `/${id}/cancel`, {}),
    await withKey(stranger, 'unused-1', `/${id}/cancel`, {}),
    await withKey(stranger, 'unused-2', `/${UNKNOWN}/cancel`, {}),
  ].map(withoutIdentity)
  expect(answers[0]!.status).toBe(404)
  expect(answers).toEqual([answers[0]!, answers[0]!, answers[0]!])
})

test("another client's reference is free", async () => {
  const reference = 'AGT-REF-001'
  await hold(owner, { reference })
  const of = (client: ApiClient) =>
    client.call('POST', '/api/channel/bookings', { sessionInstanceId: 2, patientId: 1, reference })
  expect((await of(owner)).body.reason).toBe('reference_used')
  expect((await of(stranger)).status).toBe(201)
})

test("a patient's bookings show a client those that it made, and one of whom others know as much as one of whom nobody does", async () => {
  const seenBy = async (client: ApiClient, patientId: number) => {
    const { body } = await client.call('GET', `/api/channel/bookings/patient/${patientId}?size=200`)
    expect(body.page.total).toBe(body.data.length)
    return body.data.map((booking: { id: number }) => booking.id)
  }
  const patient = async (name: string) =>
    (await ward.call('POST', '/api/patients', { name, phone: `07712345${name.length}` })).body.data.id as number
  const [known, unheard] = [await patient('Known to the owner'), await patient('Known to nobody')]
  const mine = await hold(owner, { patientId: known })
  const list = (id: number) => stranger.call('GET', `/api/channel/bookings/patient/${id}`)
  expect(withoutIdentity(await list(known))).toEqual(withoutIdentity(await list(unheard)))
  const theirs = await hold(stranger, { patientId: known })
  expect(await seenBy(owner, known)).toEqual([mine.id])
  expect(await seenBy(stranger, known)).toEqual([theirs.id])
  expect(await seenBy(ward, known)).toEqual([theirs.id, mine.id])
})
