import { afterAll, afterEach, beforeAll, expect, setDefaultTimeout, test } from 'bun:test'
import type { Database } from '@channelling/schema'
import { type ApiClient, aClient } from '../support/client'
import { aHospital, aSession } from '../support/hospital'
import { accept, hang, startReceiver, verifies } from '../support/receiver'
import { type Server, startServer } from '../support/server'

setDefaultTimeout(60_000)

const WEBHOOKS = '/api/notifications/webhooks'
const given = {
  seed: aHospital({ sessions: Array.from({ length: 6 }, () => aSession({ capacity: 0 })) }),
  environment: { WEBHOOKS_PRIVATE: 'allow' },
}

let server: Server
/** Without the setting, and with a webhook that was there before. */
let strict: Server
const behindWalls = startReceiver()
beforeAll(async () => {
  const seed = async (database: Database) => {
    await given.seed(database)
    await database.write([
      { sql: "INSERT INTO client (id, name, access, created_at) VALUES (1, 'Desk', 'all', 0)", args: [] },
      {
        sql: `INSERT INTO webhook (client_id, url, secret, created_at, epoch, cursor)
          SELECT 1, ?, ?, 0, epoch, 0 FROM event_stream`,
        args: [behindWalls.url, `whsec_${btoa('a secret of some length')}`],
      },
    ])
  }
  ;[server, strict] = await Promise.all([startServer(given), startServer({ seed })])
})
afterAll(() => Promise.all([server, strict, behindWalls].map((one) => one[Symbol.asyncDispose]())))
afterEach(async () => {
  const { body } = await server.call('GET', `${WEBHOOKS}?size=200`)
  for (const { id } of body.data) await server.call('DELETE', `${WEBHOOKS}/${id}`)
})

const book = async (by: Pick<ApiClient, 'call'>, sessionInstanceId: number) => {
  const { status, body } = await by.call('POST', '/api/channel/bookings', { sessionInstanceId, patientId: 1 })
  expect(status).toBe(201)
  return body.data.id as number
}

const register = async (by: Pick<ApiClient, 'call'>, url: string, more: object = {}) => {
  const { status, body } = await by.call('POST', WEBHOOKS, { url, ...more })
  expect(status).toBe(201)
  return body.data
}

/** Reads until it is so. */
async function eventually(server: Server, path: string, isSo: (data: never) => boolean) {
  for (;;) {
    const { body } = await server.call('GET', path)
    if (isSo(body.data as never)) return body.data
    await Bun.sleep(50)
  }
}

test('an integrator registers its address, and is told of each booking, signed, in order', async () => {
  await using receiver = startReceiver()
  const agent = await aClient(server)
  const { secret, ...record } = await register(agent, `${receiver.url}?of=us`, { description: 'Our desk' })
  expect(secret).toMatch(/^whsec_[A-Za-z0-9+/]{43}=$/)
  expect(record).toMatchObject({
    id: 1,
    clientId: agent.id,
    description: 'Our desk',
    sessionIds: null,
    pausedAt: null,
    waiting: 0,
  })

  const id = await book(agent, 2)
  await agent.call('PUT', `/api/channel/bookings/${id}/reschedule`, { sessionInstanceId: 3, reason: 'Ill at ease' })
  await agent.call('PUT', `/api/channel/bookings/${id}/cancel`)
  const messages = await receiver.until(({ length }) => length === 3)
  expect(messages.map(({ path }) => path)).toEqual(Array(3).fill('/hooks?of=us'))
  const byType = Object.fromEntries(messages.map(({ body }) => [body.type, body]))
  expect(byType['booking.completed']).toMatchObject({
    sessionId: 2,
    consultantId: 2,
    bookingId: id,
    at: expect.stringMatching(/^\d{4}-/),
  })
  expect(byType['booking.rescheduled']).toMatchObject({ sessionId: 3, fromSessionId: 2, bookingId: id })
  expect(messages.map(({ text }) => text).join()).not.toContain('Ill at ease')
  // of one session in order
  expect(messages.filter(({ body }) => body.sessionId === 3).map(({ body }) => body.type)).toEqual([
    'booking.rescheduled',
    'booking.cancelled',
  ])
  const epoch = record.position.split(':')[0]
  for (const message of messages) {
    expect(message.id).toBe(`${epoch}:${message.body.seq}`)
    expect(verifies(message, secret)).toBe(true)
    expect(verifies({ ...message, text: message.text.replace('"seq"', '"Seq"') }, secret)).toBe(false)
    expect(verifies(message, `whsec_${btoa('another secret than that')}`)).toBe(false)
  }
  const log = await eventually(
    server,
    `${WEBHOOKS}/${record.id}/deliveries?status=delivered`,
    (all: unknown[]) => all.length === 3,
  )
  expect(log[0]).toMatchObject({
    status: 'delivered',
    attempts: 1,
    httpStatus: 204,
    failure: null,
    nextAttemptAt: null,
  })
  expect(server.output()).not.toContain(secret)
  expect(server.output()).not.toContain('of=us')
})

test('of the bookings of others a client with access own learns the session alone; of all it sees everything', async () => {
  await using own = startReceiver()
  await using all = startReceiver()
  const [agent, other] = [await aClient(server), await aClient(server)]
  await register(agent, own.url)
  await register(server, all.url)
  const id = await book(other, 1)
  const [seen] = await all.until(({ length }) => length === 1)
  const [hidden] = await own.until(({ length }) => length === 1)
  expect(seen!.body).toMatchObject({ type: 'booking.completed', sessionId: 1, bookingId: id, number: 1 })
  expect(Object.keys(hidden!.body).sort()).toEqual(['at', 'consultantId', 'seq', 'sessionId', 'type'])
})

test('a webhook is told only of what it asks for', async () => {
  await using few = startReceiver()
  await using everything = startReceiver()
  await register(server, few.url, { sessionIds: [1], consultantIds: [4], types: ['booking.cancelled'] })
  await register(server, everything.url)
  for (const session of [1, 2, 4]) {
    await server.call('PUT', `/api/channel/bookings/${await book(server, session)}/cancel`)
  }
  await everything.until(({ length }) => length === 6)
  const told = await few.until(({ length }) => length === 2)
  expect(told.map(({ body }) => [body.type, body.sessionId]).sort()).toEqual([
    ['booking.cancelled', 1],
    ['booking.cancelled', 4],
  ])
})

test('another client’s webhook is in no list; one that may see all may change it', async () => {
  await using receiver = startReceiver()
  const [mine, theirs] = [await aClient(server), await aClient(server)]
  const { id } = await register(mine, receiver.url)
  expect((await theirs.call('GET', WEBHOOKS)).body).toMatchObject({ data: [], page: { total: 0 } })
  expect((await server.call('GET', WEBHOOKS)).body.data).toMatchObject([{ id, clientId: mine.id }])
  expect((await server.call('PUT', `${WEBHOOKS}/${id}`, { description: 'Known' })).body.data.description).toBe('Known')
  expect(receiver.received).toEqual([])
  const gone = await mine.call('DELETE', `${WEBHOOKS}/${id}`)
  expect(gone.status).toBe(200)
  expect((await mine.call('GET', `${WEBHOOKS}/${id}`)).status).toBe(404)
})

test('while a secret is rotated, either verifies; no answer but those two ever holds one', async () => {
  await using receiver = startReceiver()
  const { id, secret: old } = await register(server, receiver.url)
  const rotated = await server.call('PUT', `${WEBHOOKS}/${id}/rotate-secret`)
  const { secret, previousSecretUntil } = rotated.body.data
  expect(rotated.headers.get('cache-control')).toBe('no-store')
  expect(previousSecretUntil).toMatch(/^\d{4}-/)
  expect(secret).not.toBe(old)
  const tested = await server.call('POST', `${WEBHOOKS}/${id}/test`)
  expect(tested.body.data).toMatchObject({ delivered: true, httpStatus: 204, failure: null })
  await book(server, 1)
  for (const message of await receiver.until(({ length }) => length === 2)) {
    expect([verifies(message, old), verifies(message, secret)]).toEqual([true, true])
  }
  const answers = await Promise.all(
    ['', `/${id}`, `/${id}/deliveries`].map((path) => server.call('GET', WEBHOOKS + path)),
  )
  for (const { text } of [...answers, tested]) expect(text).not.toContain('whsec_')
  expect(server.output()).not.toContain('whsec_')
})

test('a webhook that is paused is told nothing, and of everything once it is resumed', async () => {
  await using paused = startReceiver()
  await using other = startReceiver()
  const { id } = await register(server, paused.url)
  await register(server, other.url)
  expect((await server.call('PUT', `${WEBHOOKS}/${id}/pause`)).body.data).toMatchObject({
    pauseReason: 'asked',
    pausedAt: expect.any(String),
  })
  await book(server, 1)
  await book(server, 1)
  await other.until(({ length }) => length === 2)
  expect(paused.received).toEqual([])
  expect((await server.call('PUT', `${WEBHOOKS}/${id}/resume`)).body.data.pausedAt).toBeNull()
  const told = await paused.until(({ length }) => length === 2)
  expect(told.map(({ body }) => body.seq)).toEqual(other.received.map(({ body }) => body.seq))
})

test('a receiver that hangs keeps nobody else waiting', async () => {
  await using hanging = startReceiver(hang)
  await using healthy = startReceiver()
  const { id } = await register(server, hanging.url)
  await register(server, healthy.url)
  for (let round = 0; round < 5; round++) for (let session = 1; session <= 6; session++) await book(server, session)
  await healthy.until(({ length }) => length === 30)
  // the first of each session is under way still: not one of them has been given up or gone on to the next
  expect(new Set(hanging.received.map(({ body }) => body.sessionId)).size).toBe(hanging.received.length)
  expect((await server.call('GET', `${WEBHOOKS}/${id}`)).body.data).toMatchObject({ waiting: 30, failingSince: null })
})

test('a receiver that says it is gone is paused at once, and the client’s other webhooks are told', async () => {
  await using gone = startReceiver(() => new Response(null, { status: 410 }))
  await using other = startReceiver()
  const { id } = await register(server, gone.url)
  await register(server, other.url)
  await book(server, 1)
  const told = await other.until((all) => all.some(({ body }) => body.type === 'webhook.paused'))
  expect(told.at(-1)!.body).toEqual({ type: 'webhook.paused', webhookId: id, reason: 'gone' })
  const record = (await server.call('GET', `${WEBHOOKS}/${id}`)).body.data
  expect(record).toMatchObject({ pauseReason: 'gone', waiting: 1 })
  await book(server, 1)
  await other.until(({ length }) => length === 3)
  expect(gone.received).toHaveLength(1)
  gone.answer(accept)
  await server.call('PUT', `${WEBHOOKS}/${id}/resume`)
  await gone.until(({ length }) => length === 3)
  // the one that was refused, and then what came after it
  const seqs = gone.received.map(({ body }) => body.seq)
  expect(seqs[1]).toBe(seqs[0])
  expect(seqs[2]).toBeGreaterThan(seqs[1])
})

test('one delivery is sent again on demand, or all since a moment, under the same ids', async () => {
  await using receiver = startReceiver()
  const { id } = await register(server, receiver.url, {
    sessionIds: [5, 6],
    types: ['booking.expired', 'booking.cancelled'],
  })
  for (const session of [5, 5, 6]) {
    await server.call('PUT', `/api/channel/bookings/${await book(server, session)}/cancel`)
  }
  await receiver.until(({ length }) => length === 3)
  const log = `${WEBHOOKS}/${id}/deliveries`
  const delivered = await eventually(server, `${log}?status=delivered`, (all: unknown[]) => all.length === 3)
  const [one] = delivered
  const again = await server.call('POST', `${log}/${one.id}/replay`)
  expect(again.body.data).toMatchObject({ id: one.id, messageId: one.messageId, status: 'waiting' })
  await receiver.until(({ length }) => length === 4)
  expect(receiver.received[3]!.id).toBe(one.messageId)
  expect((await server.call('POST', `${log}/999/replay`)).body.reason).toBe('delivery_not_found')
  await eventually(server, `${log}?status=waiting`, (all: unknown[]) => all.length === 0)
  expect((await server.call('POST', `${WEBHOOKS}/${id}/replay`, { since: '2026-01-01' })).status).toBe(200)
  const all = await receiver.until(({ length }) => length === 7)
  const ids = (among: typeof all) => among.map((message) => message.id).sort()
  expect(ids(all.slice(4))).toEqual(ids(all.slice(0, 3)))
  const ahead = await server.call('POST', `${WEBHOOKS}/${id}/replay`, { since: '2999-01-01' })
  expect(ahead.body.data.position).toBe((await server.call('GET', `${WEBHOOKS}/${id}`)).body.data.position)
  const tested = await server.call('POST', `${WEBHOOKS}/${id}/test`)
  const [test] = (await server.call('GET', log)).body.data
  expect(test).toMatchObject({ messageId: tested.body.data.messageId, type: 'webhook.test', sessionId: null })
  expect((await server.call('POST', `${log}/${test.id}/replay`)).body.reason).toBe('event_gone')
})

test('a test tells what came of it: an answer that will not do, one that points elsewhere, nobody there', async () => {
  await using receiver = startReceiver(() => new Response('no', { status: 500 }))
  const { id } = await register(server, receiver.url)
  const outcome = async () => {
    const { body } = await server.call('POST', `${WEBHOOKS}/${id}/test`)
    const { delivered, httpStatus, failure } = body.data
    return [delivered, httpStatus, failure]
  }
  expect(await outcome()).toEqual([false, 500, 'status'])
  receiver.answer(() => new Response(null, { status: 307, headers: { location: receiver.url } }))
  expect(await outcome()).toEqual([false, 307, 'redirect'])
  expect(receiver.received).toHaveLength(2)
  await receiver[Symbol.asyncDispose]()
  expect(await outcome()).toEqual([false, null, 'connection_refused'])
})

test('without the setting, addresses of one’s own and plain HTTP are refused, clearly, and not said back', async () => {
  const refused = [
    'http://93.184.216.34/hooks',
    'https://127.0.0.1/hooks',
    'https://2130706433/hooks',
    'https://0x7f.1/hooks',
    'https://localhost/hooks',
    'https://a.localhost/hooks',
    'https://10.1.2.3:8443/hooks',
    'https://169.254.169.254/latest/meta-data',
    'https://[::1]/hooks',
    'https://[::ffff:192.168.1.1]/hooks',
    'https://[fd00:ec2::254]/hooks',
    'https://user:canary@93.184.216.34/hooks',
    'https://93.184.216.34/hooks#canary',
    'ftp://93.184.216.34/canary',
    'canary',
  ]
  for (const url of refused) {
    const { status, body, text } = await strict.call('POST', WEBHOOKS, { url })
    expect([url, status, body.reason, body.fields?.[0]?.path]).toEqual([url, 400, 'invalid_request', 'body.url'])
    expect(text).not.toMatch(/canary|93\.184|169\.254|2130706433/)
  }
  const { id } = await register(strict, 'https://93.184.216.34/hooks')
  const changed = await strict.call('PUT', `${WEBHOOKS}/${id}`, { url: 'https://192.168.0.1/' })
  expect([changed.status, changed.body.fields[0].path]).toEqual([400, 'body.url'])
})

test('a client has at most twenty webhooks', async () => {
  const agent = await aClient(server)
  const registered = []
  for (let count = 0; count < 20; count++) registered.push(await register(agent, 'https://93.184.216.34/hooks'))
  const { status, body } = await agent.call('POST', WEBHOOKS, { url: 'https://93.184.216.34/hooks' })
  expect([status, body.reason]).toEqual([409, 'too_many_webhooks'])
  await agent.call('DELETE', `${WEBHOOKS}/${registered[0].id}`)
  await register(agent, 'https://93.184.216.34/hooks')
})

test('an address that may not be reached, however it got there, is not delivered to', async () => {
  expect((await strict.call('POST', `${WEBHOOKS}/1/test`)).body.data).toMatchObject({
    delivered: false,
    failure: 'address_refused',
  })
  await book(strict, 1)
  const [waits] = await eventually(
    strict,
    `${WEBHOOKS}/1/deliveries?status=waiting`,
    (all: { attempts: number }[]) => all[0]?.attempts === 1,
  )
  expect(waits).toMatchObject({ failure: 'address_refused', httpStatus: null, nextAttemptAt: expect.any(String) })
  expect(behindWalls.received).toEqual([])
})
