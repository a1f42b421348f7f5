import { afterEach, beforeEach, expect, test } from 'bun:test'
import { scopes } from '@channelling/contract'
import { startAdministration, T0 } from './testing'

let running: Awaited<ReturnType<typeof startAdministration>>
beforeEach(async () => {
  running = await startAdministration()
})
afterEach(() => running.close())

const send = (...request: Parameters<typeof running.send>) => running.send(...request)
const aClient = async (name = 'Agent') => (await send('POST', '/api/admin/clients', { name })).one
const aKey = async (given: object = {}) =>
  (
    await send('POST', '/api/admin/keys', {
      clientId: (await aClient(`Client of ${JSON.stringify(given)} ${Math.random()}`)).id,
      scopes: ['bookings:read'],
      expiresAt: '2027-05-18',
      ...given,
    })
  ).one
const verdict = async (key: string) => {
  try {
    return (await running.keyring.verify(key)).keyId
  } catch (error) {
    return (error as { reason: string }).reason
  }
}

test('a client is registered with access to its own bookings, unless told otherwise', async () => {
  const reply = await send('POST', '/api/admin/clients', { name: ' Agent ' })
  expect(reply.status).toBe(201)
  expect(reply.headers.get('location')).toBe('/api/admin/clients/1')
  expect(reply.body).toEqual({
    status: 'success',
    code: 201,
    data: {
      id: 1,
      name: 'Agent',
      contact: null,
      access: 'own',
      createdAt: '2026-05-18 09:30:00',
      disabledAt: null,
    },
  })
  expect(
    (await send('POST', '/api/admin/clients', { name: 'Desk', contact: 'desk 5', access: 'all' })).body.data,
  ).toMatchObject({
    contact: 'desk 5',
    access: 'all',
  })
  expect((await send('GET', '/api/admin/clients/2')).one.name).toBe('Desk')
  const list = await send('GET', '/api/admin/clients?page=1&size=1')
  expect(list.many.map(({ name }) => name)).toEqual(['Desk'])
  expect(list.body.page).toEqual({ page: 1, size: 1, total: 2 })
})

test('a second client of one name is refused with the id of the first', async () => {
  await aClient('Agent')
  const reply = await send('POST', '/api/admin/clients', { name: 'Agent' })
  expect(reply.status).toBe(409)
  expect(reply.body).toMatchObject({ reason: 'already_exists', existing: { id: 1 } })
})

test('changing a client changes what is given, and its keys know at once', async () => {
  const { clientId, key } = await aKey()
  expect((await running.keyring.verify(key)).access).toBe('own')
  const reply = await send('PUT', `/api/admin/clients/${clientId}`, { access: 'all' })
  expect(reply.body.data).toMatchObject({ access: 'all', contact: null })
  expect((await running.keyring.verify(key)).access).toBe('all')
})

test('the keys of a disabled client are refused at once, and work again once it is enabled', async () => {
  const { id, clientId, key } = await aKey()
  expect(await verdict(key)).toBe(id)
  const disabled = await send('PUT', `/api/admin/clients/${clientId}/disable`)
  expect([disabled.status, disabled.one.disabledAt]).toEqual([200, '2026-05-18 09:30:00'])
  expect(await verdict(key)).toBe('key_inactive')
  expect((await send('PUT', `/api/admin/clients/${clientId}/enable`)).one.disabledAt).toBeNull()
  expect(await verdict(key)).toBe(id)
})

test('an issued key is shown once, works, and is never shown again', async () => {
  await aClient()
  const reply = await send('POST', '/api/admin/keys', {
    clientId: 1,
    scopes: ['bookings:read', 'catalogue:read'],
    expiresAt: '2026-12-31',
  })
  expect(reply.status).toBe(201)
  expect(reply.headers.get('location')).toBe('/api/admin/keys/1')
  expect(reply.headers.get('cache-control')).toBe('no-store')
  const { key, ...record } = reply.one
  expect<object>(record).toEqual({
    id: 1,
    clientId: 1,
    client: 'Agent',
    prefix: key.slice(0, 13),
    last4: key.slice(-4),
    scopes: ['catalogue:read', 'bookings:read'],
    createdAt: '2026-05-18 09:30:00',
    expiresAt: '2027-01-01 00:00:00',
    active: true,
    retiredAt: null,
    lastUsedAt: null,
  })
  expect(await verdict(key)).toBe(1)
  for (const [method, path] of [
    ['GET', '/api/admin/keys'],
    ['GET', '/api/admin/keys/1'],
    ['GET', '/api/admin/keys/1/usage'],
    ['GET', '/api/admin/audit'],
    ['PUT', '/api/admin/keys/1/deactivate'],
    ['PUT', '/api/admin/keys/1/activate'],
    ['PUT', '/api/admin/keys/1/retire'],
  ] as const) {
    const later = await send(method, path)
    expect(later.status).toBe(200)
    expect(JSON.stringify(later.body)).not.toContain(key)
  }
  expect<unknown>((await send('GET', '/api/admin/keys?clientId=1')).many[0]).toMatchObject({ id: 1, client: 'Agent' })
  expect((await send('GET', '/api/admin/keys?clientId=2')).body).toMatchObject({ data: [], page: { total: 0 } })
})

test('a key may be issued switched off', async () => {
  const { id, key } = await aKey({ active: false })
  expect(await verdict(key)).toBe('key_inactive')
  await send('PUT', `/api/admin/keys/${id}/activate`)
  expect(await verdict(key)).toBe(id)
  await send('PUT', `/api/admin/keys/${id}/deactivate`)
  expect(await verdict(key)).toBe('key_inactive')
})

test('a key expires when its last day ends in the zone of the hospital', async () => {
  const { id, key } = await aKey({ expiresAt: '2026-05-18' })
  running.time.now = Date.UTC(2026, 4, 18, 18, 29, 59, 999)
  expect(await verdict(key)).toBe(id)
  running.time.now++
  expect(await verdict(key)).toBe('key_expired')
})

test('a retired key is refused at once and never comes back', async () => {
  const { id, key } = await aKey()
  expect(await verdict(key)).toBe(id)
  expect((await send('PUT', `/api/admin/keys/${id}/retire`)).one.retiredAt).toBe('2026-05-18 09:30:00')
  expect(await verdict(key)).toBe('key_retired')
  for (const change of ['activate', 'deactivate', 'rotate']) {
    const reply = await send('PUT', `/api/admin/keys/${id}/${change}`)
    expect([reply.status, reply.body.code, reply.body.reason]).toEqual([409, 409, 'key_retired'])
  }
  expect((await send('PUT', `/api/admin/keys/${id}/retire`)).status).toBe(200)
})

test('a rotated key works through the overlap, to the second, beside the new one', async () => {
  const old = await aKey()
  const reply = await send('PUT', `/api/admin/keys/${old.id}/rotate`, { overlapMinutes: 30, expiresAt: '2026-06-30' })
  expect(reply.status).toBe(201)
  expect(reply.headers.get('location')).toBe(`/api/admin/keys/${reply.one.id}`)
  const { key, ...record } = reply.one
  expect<object>(record).toMatchObject({
    clientId: old.clientId,
    scopes: old.scopes,
    expiresAt: '2026-07-01 00:00:00',
    retiredAt: null,
  })
  expect((await send('GET', `/api/admin/keys/${old.id}`)).one.retiredAt).toBe('2026-05-18 10:00:00')
  running.time.now = T0 + 30 * 60_000 - 1
  expect([await verdict(old.key), await verdict(key)]).toEqual([old.id, record.id])
  running.time.now++
  expect([await verdict(old.key), await verdict(key)]).toEqual(['key_retired', record.id])
})

test('without a body the old key ends with the rotation, and the new one lives as long as the old one was to', async () => {
  const old = await aKey({ expiresAt: '2026-05-20 09:30:00' })
  running.time.now += 86_400_000
  expect(await verdict(old.key)).toBe(old.id)
  const reply = await send('PUT', `/api/admin/keys/${old.id}/rotate`)
  expect(reply.body.data).toMatchObject({ createdAt: '2026-05-19 09:30:00', expiresAt: '2026-05-21 09:30:00' })
  expect(await verdict(old.key)).toBe('key_retired')
})

test('the last admin key cannot be taken out of use, but it can be rotated', async () => {
  const last = await aKey({ scopes: ['admin'] })
  for (const path of [`keys/${last.id}/retire`, `keys/${last.id}/deactivate`, `clients/${last.clientId}/disable`]) {
    const reply = await send('PUT', `/api/admin/${path}`)
    expect([reply.status, reply.body.reason]).toEqual([409, 'last_admin_key'])
  }
  expect(await verdict(last.key)).toBe(last.id)
  const { id, scopes } = (await send('PUT', `/api/admin/keys/${last.id}/rotate`)).one
  expect(scopes).toEqual(['admin'])
  expect((await send('PUT', `/api/admin/keys/${id}/retire`)).body.reason).toBe('last_admin_key')
})

test('the requests of a key are told by day, latest first, for a range of days', async () => {
  const { id, key } = await aKey()
  for (const [at, requests] of [
    [T0, 3],
    [T0 + 86_400_000, 1],
    [T0 + 2 * 86_400_000, 2],
  ] as const) {
    running.time.now = at
    for (let request = 0; request < requests; request++) await verdict(key)
  }
  await running.keyring.close()
  const usage = async (query = '') => (await send('GET', `/api/admin/keys/${id}/usage${query}`)).body
  expect(await usage()).toEqual({
    status: 'success',
    code: 200,
    data: [
      { day: '2026-05-20 00:00:00', requests: 2 },
      { day: '2026-05-19 00:00:00', requests: 1 },
      { day: '2026-05-18 00:00:00', requests: 3 },
    ],
    page: { page: 0, size: 20, total: 3 },
  })
  expect(await usage('?fromDate=2026-05-19&toDate=2026-05-19 23:59:59')).toMatchObject({ data: [{ requests: 1 }] })
  expect(await usage('?fromDate=2026-05-19&page=1&size=1')).toMatchObject({
    data: [{ requests: 1 }],
    page: { total: 2 },
  })
  expect((await send('GET', '/api/admin/keys/99/usage')).body.reason).toBe('key_not_found')
  expect((await send('GET', `/api/admin/keys/${id}/usage?toDate=2026-02-30`)).faulty).toEqual(['query.toDate'])
})

test('the audit tells who did what, when and from where, newest first, in a range of time', async () => {
  await aClient('One')
  running.time.now = T0 + 86_400_000
  await aClient('Two')
  const { body } = await send('GET', '/api/admin/audit')
  expect(body.data).toEqual([
    {
      id: 2,
      at: '2026-05-19 09:30:00',
      clientId: 77,
      keyId: 88,
      action: 'client.created',
      subject: 'client 2',
      origin: '10.1.2.3',
    },
    {
      id: 1,
      at: '2026-05-18 09:30:00',
      clientId: 77,
      keyId: 88,
      action: 'client.created',
      subject: 'client 1',
      origin: '10.1.2.3',
    },
  ])
  const ids = async (range: string) => (await send('GET', `/api/admin/audit?${range}`)).many.map(({ id }) => id)
  expect(await ids('to=2026-05-18')).toEqual([1])
  expect(await ids('from=2026-05-19')).toEqual([2])
  expect(await ids('from=2026-05-18%2009:30:00&to=2026-05-18%2009:30:00')).toEqual([1])
  expect(await ids('from=2026-05-18%2009:30:01&to=2026-05-19%2009:29:59')).toEqual([])
  expect(await ids('size=1&page=1')).toEqual([1])
})

const someRoutes = [
  ['POST', '/api/admin/clients', { name: 'x' }],
  ['GET', '/api/admin/clients'],
  ['GET', '/api/admin/clients/1'],
  ['PUT', '/api/admin/clients/1', { name: 'x' }],
  ['PUT', '/api/admin/clients/1/disable'],
  ['PUT', '/api/admin/clients/1/enable'],
  ['POST', '/api/admin/keys', { clientId: 1, scopes: ['admin'], expiresAt: '2027-01-01' }],
  ['GET', '/api/admin/keys'],
  ['GET', '/api/admin/keys/1'],
  ['GET', '/api/admin/keys/1/usage'],
  ['PUT', '/api/admin/keys/1/activate'],
  ['PUT', '/api/admin/keys/1/deactivate'],
  ['PUT', '/api/admin/keys/1/retire'],
  ['PUT', '/api/admin/keys/1/rotate'],
  ['GET', '/api/admin/audit'],
] as const

test('these are all the routes, and each refuses a caller without the scope and one that the gateway did not send', async () => {
  const own = running.app.routes.filter(({ path }) => path.startsWith('/api/'))
  expect(own.map(({ method, path }) => `${method} ${path.replace(':id', '1')}`).sort()).toEqual(
    someRoutes.map(([method, path]) => `${method} ${path}`).sort(),
  )
  const allButAdmin = scopes.filter((scope) => scope !== 'admin')
  for (const [method, path, body] of someRoutes) {
    const without = await send(method, path, body, { scopes: allButAdmin })
    expect([path, without.status, without.body.reason]).toEqual([path, 403, 'scope_missing'])
    const unsigned = await running.app.fetch(
      new Request(`http://localhost${path}`, {
        method,
        ...(body && { body: JSON.stringify(body), headers: { 'content-type': 'application/json' } }),
      }),
    )
    expect([path, unsigned.status]).toEqual([path, 401])
  }
  expect((await send('GET', '/api/admin/audit')).body.data).toEqual([])
})

test('what is not there is not found', async () => {
  for (const [method, path, body] of someRoutes.filter(([, path]) => path.includes('/1'))) {
    const reply = await send(method, path.replace('/1', '/99'), body)
    expect([path, reply.status]).toEqual([path, 404])
    expect(reply.body.reason).toBe(path.includes('clients') ? 'client_not_found' : 'key_not_found')
  }
  const reply = await send('POST', '/api/admin/keys', { clientId: 99, scopes: ['admin'], expiresAt: '2027-01-01' })
  expect([reply.status, reply.body.reason]).toEqual([404, 'client_not_found'])
})

const NAUGHTY = 'naughty-7531'
const wrongBodies: [string, string, unknown, string][] = [
  ['POST', '/api/admin/clients', {}, 'body.name'],
  ['POST', '/api/admin/clients', { name: '' }, 'body.name'],
  ['POST', '/api/admin/clients', { name: 5 }, 'body.name'],
  ['POST', '/api/admin/clients', { name: NAUGHTY.repeat(20) }, 'body.name'],
  ['POST', '/api/admin/clients', { name: `${NAUGHTY}\u0000` }, 'body.name'],
  ['POST', '/api/admin/clients', { name: 'x', access: NAUGHTY }, 'body.access'],
  ['POST', '/api/admin/clients', { name: 'x', [NAUGHTY]: 1 }, 'body'],
  ['POST', '/api/admin/clients', undefined, 'body'],
  ['POST', '/api/admin/clients', [], 'body'],
  ['PUT', '/api/admin/clients/1', {}, 'body'],
  ['PUT', '/api/admin/clients/1', undefined, 'body'],
  ['PUT', '/api/admin/clients/1', { access: null }, 'body.access'],
  ['POST', '/api/admin/keys', { clientId: 0, scopes: ['admin'], expiresAt: '2027-01-01' }, 'body.clientId'],
  ['POST', '/api/admin/keys', { clientId: 1e99, scopes: ['admin'], expiresAt: '2027-01-01' }, 'body.clientId'],
  ['POST', '/api/admin/keys', { clientId: '1', scopes: ['admin'], expiresAt: '2027-01-01' }, 'body.clientId'],
  ['POST', '/api/admin/keys', { clientId: 1, scopes: [], expiresAt: '2027-01-01' }, 'body.scopes'],
  ['POST', '/api/admin/keys', { clientId: 1, scopes: [NAUGHTY], expiresAt: '2027-01-01' }, 'body.scopes.0'],
  [
    'POST',
    '/api/admin/keys',
    { clientId: 1, scopes: Array(500).fill('admin'), expiresAt: '2027-01-01' },
    'body.scopes',
  ],
  ['POST', '/api/admin/keys', { clientId: 1, scopes: ['admin'], expiresAt: '2026-02-30' }, 'body.expiresAt'],
  ['POST', '/api/admin/keys', { clientId: 1, scopes: ['admin'], expiresAt: '2026-05-17' }, 'body.expiresAt'],
  ['POST', '/api/admin/keys', { clientId: 1, scopes: ['admin'], expiresAt: '2026-05-18 09:30:00' }, 'body.expiresAt'],
  ['POST', '/api/admin/keys', { clientId: 1, scopes: ['admin'], expiresAt: NAUGHTY }, 'body.expiresAt'],
  ['POST', '/api/admin/keys', { clientId: 1, scopes: ['admin'] }, 'body.expiresAt'],
  [
    'POST',
    '/api/admin/keys',
    { clientId: 1, scopes: ['admin'], expiresAt: '2027-01-01', active: 'yes' },
    'body.active',
  ],
  ['PUT', '/api/admin/keys/1/rotate', { overlapMinutes: -1 }, 'body.overlapMinutes'],
  ['PUT', '/api/admin/keys/1/rotate', { overlapMinutes: 0.5 }, 'body.overlapMinutes'],
  ['PUT', '/api/admin/keys/1/rotate', { overlapMinutes: 1e9 }, 'body.overlapMinutes'],
  ['PUT', '/api/admin/keys/1/rotate', { expiresAt: '2020-01-01' }, 'body.expiresAt'],
  ['PUT', '/api/admin/keys/1/rotate', { [NAUGHTY]: 1 }, 'body'],
  ['GET', '/api/admin/clients/0', undefined, 'path.id'],
  ['GET', '/api/admin/clients/-1', undefined, 'path.id'],
  ['GET', `/api/admin/keys/${NAUGHTY}`, undefined, 'path.id'],
  ['PUT', '/api/admin/keys/1e99/retire', undefined, 'path.id'],
  ['GET', '/api/admin/clients?page=-1', undefined, 'query.page'],
  ['GET', '/api/admin/keys?size=201', undefined, 'query.size'],
  ['GET', '/api/admin/keys?clientId=0', undefined, 'query.clientId'],
  ['GET', `/api/admin/keys?${NAUGHTY}=1`, undefined, 'query'],
  ['GET', '/api/admin/audit?from=2026-02-30', undefined, 'query.from'],
  ['GET', `/api/admin/audit?to=${NAUGHTY}`, undefined, 'query.to'],
]

test('bad input is refused with the field that is wrong, its value is not echoed, and nothing is done', async () => {
  for (const [method, path, body, field] of wrongBodies) {
    const reply = await send(method, path, body)
    expect([method, path, body, reply.status, reply.body.reason]).toEqual([method, path, body, 400, 'invalid_request'])
    expect(reply.faulty).toContain(field)
    expect(JSON.stringify(reply.body)).not.toContain(NAUGHTY)
  }
  expect((await send('GET', '/api/admin/audit')).body.data).toEqual([])
})

test('an expiry beyond the years that are read is told which are', async () => {
  const { clientId } = await aKey()
  const issue = (expiresAt: string) =>
    send('POST', '/api/admin/keys', { clientId, scopes: ['bookings:read'], expiresAt })
  for (const expiresAt of ['9999-12-31', '3000-01-01 00:00:00']) {
    expect((await issue(expiresAt)).body.fields).toEqual([
      { path: 'body.expiresAt', message: 'must be from 1800-01-01 to 2999-12-31' },
    ])
  }
  expect((await issue('2999-12-31')).body.data).toMatchObject({ expiresAt: '3000-01-01 00:00:00' })
})

test('a body that is not JSON is refused as such', async () => {
  const reply = await send('POST', '/api/admin/clients', '{"name":')
  expect([reply.status, reply.body.reason]).toEqual([400, 'malformed_json'])
})

test('a page far past the end is empty', async () => {
  for (const list of ['clients', 'keys', 'audit']) {
    const reply = await send('GET', `/api/admin/${list}?page=1000000000&size=200`)
    expect([reply.status, reply.body.data]).toEqual([200, []])
  }
})

test('every refusal that an operation was seen to answer is in its document, key_retired as a conflict', async () => {
  const document = await (await running.app.fetch(new Request('http://localhost/openapi/json'))).json()
  const { responses } = document.paths['/api/admin/keys/{id}/rotate'].put
  const among = (status: string) => responses[status].content['application/json'].schema.properties.reason.enum
  expect(among('409')).toContain('key_retired')
  expect(among('401')).toContain('key_retired')
  expect(Object.keys(document.paths)).toContain('/api/admin/audit')
})
