import { afterAll, beforeAll, expect, test } from 'bun:test'
import { type ApiClient, aClient } from '../support/client'
import { handshake, headOf } from '../support/head'
import { aHospital, aSession } from '../support/hospital'
import { type Server, startServer } from '../support/server'
import { subscribe } from '../support/socket'

let server: Server
let client: ApiClient
beforeAll(async () => {
  const sessions = [aSession({ capacity: 1 })]
  server = await startServer({
    seed: aHospital({ sessions }),
    environment: { METRICS_PORT: '0', CONTEXT_ROOT: '/channelling', CORS_ORIGINS: 'https://app.example.org' },
  })
  client = await aClient(server)
}, 30_000)
afterAll(() => server[Symbol.asyncDispose]())

/** The samples that the server tells, by name and labels. */
async function samples(): Promise<Map<string, number>> {
  const { text } = await server.call('GET', '/metrics')
  const lines = text.split('\n').filter((line) => line && !line.startsWith('#'))
  return new Map(lines.map((line) => [line.slice(0, line.lastIndexOf(' ')), Number(line.slice(line.lastIndexOf(' ')))]))
}

/** How much each sample grew by what was done. */
async function growth(work: () => Promise<unknown>) {
  const before = await samples()
  await work()
  const after = await samples()
  return (sample: string) => (after.get(sample) ?? 0) - (before.get(sample) ?? 0)
}

/** The one line of a request. */
async function lineOf(requestId: string | null): Promise<object> {
  const lines = () =>
    server
      .output()
      .split('\n')
      .filter((line) => line.includes(`"requestId":"${requestId}"`))
  for (const deadline = Date.now() + 5_000; lines().length === 0; await Bun.sleep(10)) {
    expect(Date.now()).toBeLessThan(deadline)
  }
  expect(lines()).toHaveLength(1)
  return JSON.parse(lines()[0]!)
}

const requests = (method: string, route: string, service: string, status: number) =>
  `channelling_http_requests_total{method="${method}",route="${route}",service="${service}",status="${status}"}`

test('the metrics take a key of scope admin, as bearer too', async () => {
  const reader = await aClient(server, { scopes: ['catalogue:read'] })
  expect((await reader.call('GET', '/metrics')).body.reason).toBe('scope_missing')
  expect((await server.call('GET', '/metrics', undefined, { key: null })).body.reason).toBe('key_missing')
  expect((await server.call('POST', '/metrics')).body.reason).toBe('method_not_allowed')
  const headers = { authorization: `Bearer ${server.key}` }
  const { status, headers: answered } = await server.call('GET', '/metrics', undefined, { key: null, headers })
  expect([status, answered.get('content-type')]).toEqual([200, 'text/plain; version=0.0.4; charset=utf-8'])
})

test('on a port of their own they take none, and nothing else is there', async () => {
  const address = /"address":"([^"]*)","msg":"listening for metrics"/.exec(server.output())![1]
  const ask = (path: string, init?: RequestInit) => fetch(`http://${address}${path}`, init)
  expect(await (await ask('/metrics')).text()).toContain('# TYPE channelling_http_requests_total counter')
  expect((await ask('/metrics', { method: 'POST' })).status).toBe(405)
  for (const path of ['/', '/api/channel/sessions', '/metrics/x', '/health/live', '/channelling/metrics']) {
    expect((await ask(path, { headers: { finance: server.key } })).status).toBe(404)
  }
})

test('a request is counted where it went, by its key, and refused ones by their reason', async () => {
  const booking = { sessionInstanceId: 1, patientId: 1 }
  const grew = await growth(async () => {
    for (const id of [1, 1, 999]) await client.call('GET', `/api/channel/sessions/${id}`)
    for (const _of of [1, 2]) await client.call('POST', '/api/channel/bookings', booking)
    await client.call('GET', '/api/nothing')
    await client.call('GET', '/health/live', undefined, { key: null })
  })
  expect(grew(requests('GET', '/api/channel/sessions/{id}', 'catalogue', 200))).toBe(2)
  expect(grew(requests('GET', '/api/channel/sessions/{id}', 'catalogue', 404))).toBe(1)
  expect(grew(requests('POST', '/api/channel/bookings', 'bookings', 201))).toBe(1)
  expect(grew(requests('POST', '/api/channel/bookings', 'bookings', 409))).toBe(1)
  expect(grew(requests('GET', 'none', 'gateway', 404))).toBe(1)
  expect(grew(requests('GET', '/health/live', 'gateway', 200))).toBe(1)
  expect(grew('channelling_refusals_total{reason="session_full",service="bookings"}')).toBe(1)
  expect(grew('channelling_refusals_total{reason="no_such_path",service="gateway"}')).toBe(1)
  expect(grew(`channelling_key_requests_total{key="${client.keyId}"}`)).toBe(6)
  // the engine and the feed are told of by the processes where they are
  const here = server.services ? 0 : 1
  expect(grew('channelling_bookings_group_size_count')).toBe(here)
  expect(grew('channelling_bookings_commit_duration_seconds_count')).toBe(here)
  expect(grew('channelling_outbox_last_seq')).toBe(here)
})

test('what ends at the door is counted too: who names no host, and browsers that ask beforehand', async () => {
  const origin = 'https://app.example.org'
  const grew = await growth(async () => {
    const preflight = await fetch(`${server.url}/api/channel/bookings`, {
      method: 'OPTIONS',
      headers: { origin, 'access-control-request-method': 'POST' },
    })
    expect(preflight.status).toBe(204)
    const lost = await fetch(`${server.url}/api/channel/bookings`, { method: 'POST', headers: { host: 'a/b' } })
    expect(lost.status).toBe(400)
  })
  expect(grew(requests('OPTIONS', 'none', 'gateway', 204))).toBe(1)
  expect(grew(requests('POST', 'none', 'gateway', 400))).toBe(1)
  expect(grew('channelling_refusals_total{reason="invalid_request",service="gateway"}')).toBe(1)
})

test('open sockets are counted while they are open', async () => {
  const open = async () => (await samples()).get('channelling_sockets_open')
  const socket = await subscribe(server)
  expect(await open()).toBe(1)
  socket.close()
  for (const deadline = Date.now() + 5_000; (await open()) !== 0; ) expect(Date.now()).toBeLessThan(deadline)
  const handshakes = requests('GET', '/ws/notify', 'gateway', 101)
  expect((await samples()).get(handshakes)).toBe(1)
})

test('nothing is in flight but who asks', async () => {
  expect((await samples()).get('channelling_http_requests_in_flight')).toBe(1)
})

test('one line a request tells what it was, by the name that the answer has', async () => {
  const traceparent = '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01'
  const { headers } = await client.call('GET', '/api/channel/sessions/999?', undefined, { headers: { traceparent } })
  const requestId = headers.get('x-request-id')!
  expect(await lineOf(requestId)).toEqual({
    level: 'info',
    time: expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/),
    service: 'channelling',
    requestId,
    traceId: '4bf92f3577b34da6a3ce929d0e0e4736',
    method: 'GET',
    route: '/api/channel/sessions/{id}',
    status: 404,
    reason: 'session_not_found',
    durationMs: expect.any(Number),
    clientId: client.id,
    keyId: client.keyId,
    msg: 'request',
  })
})

const answered: [what: string, path: string, headers: Record<string, string>, method: string, status: number][] = [
  ['the liveness', '/health/live', {}, 'GET', 200],
  ['the readiness', '/health/ready', {}, 'GET', 200],
  ['the capabilities', '/api/capabilities', {}, 'GET', 200],
  ['the docs page', '/docs', {}, 'GET', 200],
  ['the document', '/docs/openapi.json', {}, 'GET', 200],
  ['a file of the docs page', '/docs/swagger-ui.css', {}, 'GET', 200],
  ['a page that is not there', '/docs/nothing', {}, 'GET', 404],
  ['a method that is not taken', '/health/live', {}, 'PUT', 405],
  ['a method that no file takes', '/docs/swagger-ui.css', {}, 'DELETE', 405],
  ['a socket', '/ws/notify', handshake, 'GET', 101],
  ['what is no handshake', '/ws/notify', {}, 'GET', 400],
  ['no host', '/health/live', { host: 'a/b' }, 'GET', 400],
  [
    'a browser that asks beforehand',
    '/api/patients',
    { origin: 'https://app.example.org', 'access-control-request-method': 'POST' },
    'OPTIONS',
    204,
  ],
]

test.each(answered)('the answer to %s has the name of its log line', async (_, path, given, method, expected) => {
  const key: Record<string, string> = expected === 101 ? { finance: client.key } : {}
  const { status, headers } = await headOf(server, `/channelling${path}`, { method, headers: { ...given, ...key } })
  const requestId = headers.get('x-request-id')
  expect([status, requestId]).toEqual([expected, expect.stringMatching(/^[0-9a-f-]{36}$/)])
  expect(await lineOf(requestId)).toMatchObject({ status: expected })
})

test('a handshake is told of by whose key it was, or the key that the ticket was asked for with, let in or not', async () => {
  const { ticket } = (await client.call('POST', '/api/notifications/tickets')).body.data
  const deaf = await aClient(server, { scopes: ['catalogue:read'] })
  const ask = async (headers: Record<string, string>, query = '') => {
    const answer = await headOf(server, `/channelling/ws/notify${query}`, { headers: { ...handshake, ...headers } })
    return lineOf(answer.headers.get('x-request-id'))
  }
  const lines: unknown[] = []
  const grew = await growth(async () => {
    lines.push(await ask({ finance: client.key }))
    lines.push(await ask({}, `?access_token=${ticket}`))
    lines.push(await ask({ finance: deaf.key }))
    lines.push(await ask({}, `?access_token=${ticket}`))
  })
  const route = '/ws/notify'
  expect(lines).toMatchObject([
    { route, status: 101, clientId: client.id, keyId: client.keyId },
    { route, status: 101, clientId: client.id, keyId: client.keyId },
    { route, status: 403, reason: 'scope_missing', clientId: deaf.id, keyId: deaf.keyId },
    { route, status: 401, reason: 'ticket_invalid' },
  ])
  expect(lines[3]).not.toHaveProperty('keyId')
  expect(grew(`channelling_key_requests_total{key="${client.keyId}"}`)).toBe(2)
  expect(grew(`channelling_key_requests_total{key="${deaf.keyId}"}`)).toBe(1)
  expect(server.output()).not.toContain(ticket)
})

test('a port for the metrics that is taken stops the start with a line that names it', async () => {
  const taken = new URL(server.url).port
  const failed = startServer({ environment: { METRICS_PORT: taken } }).then(
    (started) => started[Symbol.asyncDispose](),
    (error: Error) => error.message,
  )
  expect(await failed).toContain('set METRICS_PORT to another')
})
