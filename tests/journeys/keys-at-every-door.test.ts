import { afterAll, beforeAll, expect, setDefaultTimeout, test } from 'bun:test'
import { createClient, issueKey, mintKey } from '@channelling/access'
import { type Scope, scopes } from '@channelling/contract'
import type { Database } from '@channelling/schema'
import { type ApiClient, aClient } from '../support/client'
import { type Asked, crowd } from '../support/crowd'
import { aHospital } from '../support/hospital'
import { type Server, startServer } from '../support/server'
import { HandshakeRefused, subscribe } from '../support/socket'

setDefaultTimeout(60_000)

const DAY_MS = 86_400_000

let server: Server
let good: ApiClient
let operations: { method: string; path: string }[]
const spoilt = { inactive: '', disabled: '', expired: '', retired: '', rotated: '' }

/** A key that ran out a day ago, which nobody can be issued any more. */
const withExpiredKey = async (database: Database) => {
  await aHospital()(database)
  const act = { at: Date.now() - 2 * DAY_MS, clientId: null, keyId: null, origin: 'command line' }
  const { id } = await createClient(database, { name: 'Of old', contact: null, access: 'all' }, act)
  const expiresAt = Date.now() - DAY_MS
  spoilt.expired = (await issueKey(database, { clientId: id, scopes: [...scopes], expiresAt, active: true }, act)).key
}

beforeAll(async () => {
  server = await startServer({ seed: withExpiredKey })
  good = await aClient(server)
  const { paths } = (await server.call('GET', '/docs/openapi.json', undefined, { key: null })).body
  operations = Object.entries(paths as Record<string, object>)
    .filter(([path]) => path === '/metrics' || (path.startsWith('/api/') && path !== '/api/capabilities'))
    .flatMap(([path, methods]) => Object.keys(methods).map((method) => ({ method: method.toUpperCase(), path })))

  spoilt.inactive = (await aClient(server, { active: false })).key
  const admin = async (path: string, expected = 200) => {
    const reply = await server.call('PUT', `/api/admin/${path}`)
    expect(reply.status).toBe(expected)
  }
  // each has worked before it is spoilt, so that the server remembers it
  const worked = async () => {
    const client = await aClient(server)
    expect((await client.call('GET', '/api/channel/specialities')).status).toBe(200)
    return client
  }
  const [disabled, retired, rotated] = [await worked(), await worked(), await worked()]
  await admin(`clients/${disabled.id}/disable`)
  await admin(`keys/${retired.keyId}/retire`)
  await admin(`keys/${rotated.keyId}/rotate`, 201)
  Object.assign(spoilt, { disabled: disabled.key, retired: retired.key, rotated: rotated.key })
})
afterAll(() => server[Symbol.asyncDispose]())

/** What the contract asks for, said without the document. */
function scopeOf({ method, path }: { method: string; path: string }): Scope {
  const reads = method === 'GET'
  if (path.startsWith('/api/admin/') || path === '/metrics') return 'admin'
  if (path === '/api/notifications/tickets') return 'notifications:read'
  // where somebody is told may be as secret as a key
  if (path.startsWith('/api/notifications/webhooks')) return 'notifications:write'
  if (path.startsWith('/api/notifications/')) return reads ? 'notifications:read' : 'notifications:write'
  if (path.startsWith('/api/channel/bookings')) return reads ? 'bookings:read' : 'bookings:write'
  if (path.startsWith('/api/patients')) return reads ? 'patients:read' : 'patients:write'
  return reads ? 'catalogue:read' : 'catalogue:write'
}

/** A request for an operation that does no harm when it is let through: it names what is not there, or lacks everything. */
const harmless = ({ method, path }: { method: string; path: string }, sent: Omit<Asked, 'method' | 'path'>): Asked => ({
  method,
  path: path.replace(/\{\w+\}/g, '999999'),
  ...(method !== 'GET' && method !== 'DELETE' && { body: {} }),
  ...sent,
})

/** Asks every operation, and tells the verdict of each. */
async function verdicts(sent: Omit<Asked, 'method' | 'path'>): Promise<Record<string, string>> {
  const replies = await crowd(
    server,
    operations.map((operation) => harmless(operation, sent)),
  )
  return Object.fromEntries(
    replies.map(({ status, body, headers }, index) => {
      const { method, path } = operations[index]!
      if (status < 400) return [`${method} ${path}`, 'let in']
      expect(body).toMatchObject({ status: 'error', code: status })
      expect(body.requestId).toBe(headers.get('x-request-id'))
      const past = status === 400 && body.reason === 'invalid_request'
      return [`${method} ${path}`, past || status === 404 ? 'let in' : `${status} ${body.reason}`]
    }),
  )
}

const everywhere = (verdict: string) =>
  Object.fromEntries(operations.map(({ method, path }) => [`${method} ${path}`, verdict]))

test('the walk covers the whole contract', () => {
  const named = operations.map(({ method, path }) => `${method} ${path}`)
  expect(named.length).toBeGreaterThan(30)
  for (const one of [
    'GET /api/channel/specialities',
    'GET /api/channel/consultants',
    'GET /api/channel/sessions',
    'POST /api/channel/sessions',
    'POST /api/channel/bookings',
    'GET /api/channel/bookings/{id}',
    'GET /api/channel/bookings/patient/{patientId}',
    'PUT /api/channel/bookings/{id}/cancel',
    'PUT /api/channel/bookings/{id}/reschedule',
    'PUT /api/channel/bookings/{id}/complete',
    'GET /api/patients/search',
    'POST /api/patients',
    'POST /api/notifications/tickets',
    'POST /api/admin/keys',
    'GET /api/admin/keys/{id}/usage',
    'GET /api/admin/audit',
  ]) {
    expect(named).toContain(one)
  }
})

const refused: [state: string, sent: () => Omit<Asked, 'method' | 'path'>, verdict: string][] = [
  ['no key', () => ({ key: null }), '401 key_missing'],
  ['an empty key', () => ({ key: '' }), '401 key_missing'],
  ['a blank key', () => ({ key: '   ' }), '401 key_missing'],
  ['an empty bearer token', () => ({ key: null, headers: { Authorization: 'Bearer ' } }), '401 key_missing'],
  [
    'a password',
    () => ({ key: null, headers: { Authorization: `Basic ${btoa(`a:${good.key}`)}` } }),
    '401 key_missing',
  ],
  [
    'a key in another header',
    () => ({ key: null, headers: { 'X-Finance': good.key, Cookie: `Finance=${good.key}` } }),
    '401 key_missing',
  ],
  ['junk', () => ({ key: 'junk' }), '401 key_unknown'],
  [
    'a key with a wrong checksum',
    () => ({ key: good.key.slice(0, -1) + (good.key.endsWith('0') ? '1' : '0') }),
    '401 key_unknown',
  ],
  ['a key in the wrong letter case', () => ({ key: good.key.toUpperCase() }), '401 key_unknown'],
  ['a key with something after it', () => ({ key: `${good.key} x` }), '401 key_unknown'],
  ['a key in quotes', () => ({ key: `"${good.key}"` }), '401 key_unknown'],
  ['half a key', () => ({ key: good.key.slice(0, 20) }), '401 key_unknown'],
  ['a well-formed key that was never issued', () => ({ key: mintKey() }), '401 key_unknown'],
  [
    'such a key as bearer in lower case',
    () => ({ key: null, headers: { Authorization: `bearer ${mintKey()}` } }),
    '401 key_unknown',
  ],
  ['such a key as bearer', () => ({ key: null, headers: { Authorization: `Bearer ${mintKey()}` } }), '401 key_unknown'],
  ['an inactive key', () => ({ key: spoilt.inactive }), '401 key_inactive'],
  ['a key of a disabled client', () => ({ key: spoilt.disabled }), '401 key_inactive'],
  ['an expired key', () => ({ key: spoilt.expired }), '401 key_expired'],
  ['a retired key', () => ({ key: spoilt.retired }), '401 key_retired'],
  [
    'a retired key as bearer',
    () => ({ key: null, headers: { Authorization: `Bearer ${spoilt.retired}` } }),
    '401 key_retired',
  ],
  ['a key that was rotated away', () => ({ key: spoilt.rotated }), '401 key_retired'],
  [
    'two different keys',
    () => ({ key: good.key, headers: { Authorization: `Bearer ${server.key}` } }),
    '400 key_ambiguous',
  ],
  ['a good key and junk', () => ({ key: good.key, headers: { Authorization: 'Bearer junk' } }), '400 key_ambiguous'],
  [
    'two bearer tokens',
    () => ({ key: null, headers: { Authorization: `Bearer ${good.key}, Bearer ${good.key}` } }),
    '400 key_ambiguous',
  ],
  ['two Finance headers', () => ({ key: good.key, headers: { finance: server.key } }), '400 key_ambiguous'],
  [
    'the same key in two Finance headers',
    () => ({ key: good.key, headers: { finance: good.key } }),
    '400 key_ambiguous',
  ],
]

test.each(refused)('%s opens nothing', async (_state, sent, verdict) => {
  expect(await verdicts(sent())).toEqual(everywhere(verdict))
})

const accepted: [state: string, sent: () => Omit<Asked, 'method' | 'path'>][] = [
  ['the Finance header', () => ({ key: good.key })],
  ['the header in lower case', () => ({ key: null, headers: { finance: good.key } })],
  ['the header in upper case', () => ({ key: null, headers: { FINANCE: good.key } })],
  ['a header with space around the key, which is none of its value', () => ({ key: `  ${good.key} \t ` })],
  ['a bearer token in its place', () => ({ key: null, headers: { Authorization: `Bearer ${good.key}` } })],
  ['a bearer token after two blanks', () => ({ key: null, headers: { authorization: `Bearer  ${good.key}` } })],
  ['a bearer token in lower case', () => ({ key: null, headers: { authorization: `bearer ${good.key}` } })],
  ['a bearer token in upper case', () => ({ key: null, headers: { authorization: `BEARER  ${good.key}` } })],
  ['both with one key', () => ({ key: good.key, headers: { authorization: `Bearer ${good.key}` } })],
]

test.each(accepted)('a good key opens everything by %s', async (_state, sent) => {
  expect(await verdicts(sent())).toEqual(everywhere('let in'))
})

test.each([...scopes])(
  'a key with %s alone opens what the contract says, and a key with all but it the rest',
  async (scope) => {
    const only = await aClient(server, { scopes: [scope] })
    const allBut = await aClient(server, { scopes: scopes.filter((one) => one !== scope) })
    const asks = (opens: boolean) =>
      Object.fromEntries(
        operations.map((operation) => [
          `${operation.method} ${operation.path}`,
          (scopeOf(operation) === scope) === opens ? 'let in' : '403 scope_missing',
        ]),
      )
    expect(await verdicts({ key: only.key })).toEqual(asks(true))
    expect(await verdicts({ key: allBut.key })).toEqual(asks(false))
  },
)

test('whoever has no key does not learn which paths there are', async () => {
  for (const path of [
    '/api/nothing',
    '/api/channel/bookings/1/nothing',
    '/api/channel/sessions',
    '/api/admin/clients',
  ]) {
    for (const method of ['GET', 'HEAD', 'POST', 'PATCH', 'DELETE']) {
      const { status } = await server.call(method, path, undefined, { key: null })
      expect(`${method} ${path} ${status}`).toBe(`${method} ${path} 401`)
    }
  }
})

test('a key in the address is no key, whatever else is sent', async () => {
  for (const authorization of [undefined, 'Basic eA==', 'bearer', 'Bear er', '']) {
    const headers: Record<string, string> = authorization === undefined ? {} : { authorization }
    const path = `/api/channel/specialities?access_token=${good.key}`
    const reply = await server.call('GET', path, undefined, { key: null, headers })
    expect(`${authorization}: ${reply.status} ${reply.body.reason}`).toBe(`${authorization}: 401 key_missing`)
  }
})

test('capabilities, health, the docs and their document are open to all, also with a key that is wrong; nothing else is', async () => {
  for (const key of [null, 'junk', spoilt.retired]) {
    for (const path of ['/api/capabilities', '/health/live', '/health/ready', '/docs', '/docs/openapi.json']) {
      expect(`${path} ${(await server.call('GET', path, undefined, { key })).status}`).toBe(`${path} 200`)
    }
  }
  for (const path of ['/', '/openapi', '/openapi/json', '/metrics', '/import', '/docs/../api/admin/keys']) {
    const { status } = await server.call('GET', path, undefined, { key: null })
    expect([path, status]).toEqual([path, path.includes('admin') || path === '/metrics' ? 401 : 404])
  }
})

test('a key that is retired or switched off is refused by the very next request, and one switched on again works', async () => {
  const { keyId, call } = await aClient(server)
  const verdict = async () => {
    const { status, body } = await call('GET', '/api/channel/specialities')
    return body.reason ?? status
  }
  const admin = (act: string) => server.call('PUT', `/api/admin/keys/${keyId}/${act}`)
  expect(await verdict()).toBe(200)
  await admin('deactivate')
  expect(await verdict()).toBe('key_inactive')
  await admin('activate')
  expect(await verdict()).toBe(200)
  await admin('retire')
  expect(await verdict()).toBe('key_retired')
  expect(await admin('activate').then(({ status, body }) => `${status} ${body.reason}`)).toBe('409 key_retired')
})

test('the socket refuses keys of every state with the same reasons', async () => {
  const verdict = async (key: string | null, headers: Record<string, string> = {}) => {
    const socket = await subscribe(server, { key, headers }).catch((error) => error)
    if (!(socket instanceof HandshakeRefused)) {
      socket.close()
      return 'let in'
    }
    return `${socket.status} ${socket.body.reason}`
  }
  expect(await verdict(null)).toBe('401 key_missing')
  expect(await verdict('junk')).toBe('401 key_unknown')
  expect(await verdict(mintKey())).toBe('401 key_unknown')
  expect(await verdict(spoilt.inactive)).toBe('401 key_inactive')
  expect(await verdict(spoilt.disabled)).toBe('401 key_inactive')
  expect(await verdict(spoilt.expired)).toBe('401 key_expired')
  expect(await verdict(spoilt.retired)).toBe('401 key_retired')
  expect(await verdict(spoilt.rotated)).toBe('401 key_retired')
  expect(await verdict(good.key, { Authorization: `Bearer ${server.key}` })).toBe('400 key_ambiguous')
  expect(await verdict(good.key)).toBe('let in')
  expect(await verdict(null, { finance: good.key })).toBe('let in')
  expect(await verdict(null, { Authorization: `Bearer ${good.key}` })).toBe('let in')
  expect(await verdict(null, { Authorization: `bearer ${good.key}` })).toBe('let in')
})
