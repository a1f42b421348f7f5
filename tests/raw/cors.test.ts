import { afterAll, beforeAll, expect, setDefaultTimeout, test } from 'bun:test'
import { type Server, startServer } from '../support/server'

setDefaultTimeout(60_000)

const PAGE = 'https://app.example.org'
const OTHER = 'https://other.example.org'

let server: Server
let open: Server
let closed: Server
beforeAll(async () => {
  ;[server, open, closed] = await Promise.all([
    startServer({ environment: { CORS_ORIGINS: `http://localhost:5173, ${PAGE}` } }),
    startServer({ environment: { CORS_ORIGINS: '*', CONTEXT_ROOT: '/channelling' } }),
    startServer(),
  ])
})
afterAll(() => Promise.all([server, open, closed].map((one) => one[Symbol.asyncDispose]())))

const ask = (of: Server, path: string, origin: string, init: RequestInit = {}) =>
  fetch(`${of.url}${path}`, { ...init, headers: { origin, ...(init.headers as Record<string, string>) } })

const preflight = (of: Server, path: string, origin: string) =>
  ask(of, path, origin, {
    method: 'OPTIONS',
    headers: {
      'access-control-request-method': 'POST',
      'access-control-request-headers':
        'authorization,content-type,finance,idempotency-key,if-none-match,last-event-id',
    },
  })

const corsOf = ({ headers }: Response) =>
  Object.fromEntries([...headers].filter(([name]) => name.startsWith('access-control-') || name === 'vary'))

const exposed = [
  ...['Allow', 'ETag', 'Idempotent-Replay', 'Location'],
  ...['RateLimit-Limit', 'RateLimit-Remaining', 'RateLimit-Reset', 'Retry-After', 'X-Request-Id'],
].join(', ')

test('a browser that asks beforehand is answered without a key, wherever it will ask', async () => {
  for (const path of ['/api/channel/bookings', '/api/nothing', '/health/live', '/docs/openapi.json']) {
    const response = await preflight(server, path, PAGE)
    expect(response.status).toBe(204)
    expect(await response.text()).toBe('')
    expect(corsOf(response)).toEqual({
      'access-control-allow-origin': PAGE,
      'access-control-allow-methods': 'GET, HEAD, POST, PUT, DELETE',
      'access-control-allow-headers':
        'Finance, Authorization, Content-Type, Idempotency-Key, If-None-Match, Last-Event-ID, traceparent',
      'access-control-max-age': '3600',
      vary: 'Origin',
    })
  }
})

const answers: [what: string, path: string, init: () => RequestInit, status: number][] = [
  ['an answer', '/api/channel/specialities', () => ({ headers: { finance: server.key } }), 200],
  ['an answer of the gateway itself', '/api/capabilities', () => ({}), 200],
  ['an answer of the health', '/health/ready', () => ({}), 200],
  ['a refusal for want of a key', '/api/channel/specialities', () => ({}), 401],
  ['a refusal of what is not there', '/nothing', () => ({}), 404],
  ['a refusal of a method', '/health/live', () => ({ method: 'PUT' }), 405],
  [
    'a refusal by a service',
    '/api/patients',
    () => ({ method: 'POST', body: '{}', headers: { finance: server.key, 'content-type': 'application/json' } }),
    400,
  ],
  [
    'a refusal of a body',
    '/api/patients',
    () => ({
      method: 'POST',
      body: 'x'.repeat(70_000),
      headers: { finance: server.key, 'content-type': 'application/json' },
    }),
    413,
  ],
  ['a refused handshake', '/ws/notify', () => ({}), 400],
  ['a file of the docs page', '/docs/swagger-ui.css', () => ({}), 200],
]

test.each(answers)(
  '%s may be read by a page of an origin that is named, and by no other',
  async (_, path, init, status) => {
    const named = await ask(server, path, PAGE, init())
    expect(named.status).toBe(status)
    expect(corsOf(named)).toEqual({
      'access-control-allow-origin': PAGE,
      'access-control-expose-headers': exposed,
      vary: 'Origin',
    })
    const other = await ask(server, path, OTHER, init())
    expect(other.status).toBe(status)
    expect(corsOf(other)).toEqual({ vary: 'Origin' })
  },
)

test('an answer that is not new may be read too', async () => {
  const headers = { finance: server.key }
  const first = await ask(server, '/api/channel/specialities', PAGE, { headers })
  const again = await ask(server, '/api/channel/specialities', PAGE, {
    headers: { ...headers, 'if-none-match': first.headers.get('etag')! },
  })
  expect(again.status).toBe(304)
  expect(corsOf(again)['access-control-allow-origin']).toBe(PAGE)
})

test('an origin that only resembles one that is named is another', async () => {
  for (const origin of [
    OTHER,
    'null',
    'http://app.example.org',
    'https://app.example.org:8443',
    'https://app.example.org.evil.example',
    'https://evil.example?https://app.example.org',
    'https://sub.app.example.org',
    'https://APP.example.org',
    `${PAGE}, ${PAGE}`,
    '*',
  ]) {
    const response = await preflight(server, '/api/channel/bookings', origin)
    expect([origin, response.status, corsOf(response)]).toEqual([origin, 401, { vary: 'Origin' }])
  }
})

test('with * every page may read, and no browser is told to send what it keeps', async () => {
  const response = await ask(open, '/api/channel/specialities', OTHER)
  expect(response.status).toBe(401)
  expect(corsOf(response)).toEqual({ 'access-control-allow-origin': '*', 'access-control-expose-headers': exposed })
  expect((await preflight(open, '/api/channel/bookings', OTHER)).status).toBe(204)
})

test('without the setting no page of another origin may read anything', async () => {
  expect(corsOf(await ask(closed, '/api/capabilities', PAGE))).toEqual({})
  const asked = await preflight(closed, '/api/channel/bookings', PAGE)
  expect([asked.status, corsOf(asked)]).toEqual([401, {}])
})

test('nobody but a browser that asks beforehand gets in by OPTIONS', async () => {
  const response = await fetch(`${server.url}/api/channel/bookings`, { method: 'OPTIONS' })
  expect([response.status, (await response.json()).reason]).toEqual([401, 'key_missing'])
})

test('the docs page can be framed by nobody, and says nothing of where it was', async () => {
  for (const path of ['/docs', '/docs/', '/docs/start.js', '/docs/openapi.json', '/docs/swagger-ui-bundle.js']) {
    const { headers } = await fetch(`${closed.url}${path}`)
    expect(headers.get('content-security-policy')).toContain("default-src 'none'; script-src 'self'")
    expect(headers.get('content-security-policy')).toContain("frame-ancestors 'none'")
    expect(headers.get('x-frame-options')).toBe('DENY')
    expect(headers.get('x-content-type-options')).toBe('nosniff')
    expect(headers.get('referrer-policy')).toBe('no-referrer')
  }
})
