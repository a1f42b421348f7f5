import { afterAll, beforeAll, expect, setDefaultTimeout, test } from 'bun:test'
import { readSettings } from '@channelling/settings'
import { aHospital } from '../support/hospital'
import { type Server, startServer } from '../support/server'
import { HandshakeRefused, subscribe } from '../support/socket'

setDefaultTimeout(60_000)

const ROOT = '/hospital/channelling'

let server: Server
let rootless: Server
beforeAll(async () => {
  server = await startServer({ environment: { CONTEXT_ROOT: ROOT }, seed: aHospital() })
  rootless = await startServer({ seed: aHospital() })
})
afterAll(() => Promise.all([server, rootless].map((one) => one[Symbol.asyncDispose]())))

/** Hosts as they are called inside a hospital: as long as they like, and as short. */
const HOSTS = ['h', 'ab', 'a.b', 'his', 'HIS', 'his:80', '[::]', 'hosp', 'channelling.hospital.example']

/** An address as it is, whatever the context root. */
const at = (path: string, init: RequestInit = {}) =>
  fetch(`http://127.0.0.1:${server.port}${path}`, { headers: { finance: server.key }, ...init })

test('the context root goes before every path, and without it there is nothing', async () => {
  for (const path of [
    '/api/channel/specialities',
    '/api/channel/hospitals',
    '/api/channel/consultants?query=consultant',
    '/api/channel/sessions',
    '/api/channel/sessions/1',
    '/api/patients/search?id=1',
    '/api/patients/1',
    '/api/admin/clients',
    '/api/capabilities',
    '/health/live',
    '/health/ready',
    '/docs',
    '/docs/openapi.json',
    '/docs/swagger-ui-bundle.js',
  ]) {
    expect(`${path} ${(await at(`${ROOT}${path}`)).status}`).toBe(`${path} 200`)
    for (const elsewhere of [
      path,
      `/hospital${path}`,
      `${ROOT}x${path}`,
      `/x${ROOT}${path}`,
      `${ROOT.slice(0, -1)}x${path}`,
    ]) {
      const reply = await at(elsewhere)
      expect(`${elsewhere} ${reply.status}`).toBe(`${elsewhere} 404`)
      expect(await reply.json()).toMatchObject({ status: 'error', code: 404, reason: 'no_such_path' })
    }
  }
})

test.each(HOSTS)('everything is there by the host %s too, with its query', async (host) => {
  const headers = { finance: server.key, host }
  for (const path of [
    '/api/channel/specialities',
    '/api/channel/specialities?query=a/b',
    '/api/channel/sessions/1',
    '/api/capabilities',
    '/metrics',
    '/health/live',
    '/docs',
    '/docs/',
    '/docs/start.js?v=/',
  ]) {
    expect(`${path} ${(await at(`${ROOT}${path}`, { headers })).status}`).toBe(`${path} 200`)
  }
  const none = await at(`${ROOT}/api/channel/specialities?query=/nobody?`, { headers })
  expect(await none.json()).toMatchObject({ data: [] })
  const elsewhere = await at(`/x${ROOT}/api/channel/sessions`, { headers })
  expect(await elsewhere.json()).toMatchObject({ code: 404, reason: 'no_such_path' })
  const preflight = await at(`${ROOT}/api/channel/sessions`, { method: 'OPTIONS', headers: { host } })
  expect(await preflight.json()).toMatchObject({ code: 401, reason: 'key_missing' })
})

test.each(HOSTS)('the socket is there by the host %s too, by a ticket in its query', async (host) => {
  const { body } = await server.call('POST', '/api/notifications/tickets')
  const screen = await subscribe(server, { key: null, query: `?access_token=${body.data.ticket}`, headers: { host } })
  screen.close()
})

test('a created booking is where its Location says', async () => {
  const asked = { sessionInstanceId: 1, patientId: 1 }
  const booked = await server.call('POST', '/api/channel/bookings', asked, { headers: { 'idempotency-key': 'root' } })
  const location = booked.headers.get('location')!
  expect(location).toBe(`${ROOT}/api/channel/bookings/${booked.body.data.id}`)
  expect(((await (await at(location)).json()) as { data: unknown }).data).toEqual(booked.body.data)

  const again = await server.call('POST', '/api/channel/bookings', asked, { headers: { 'idempotency-key': 'root' } })
  expect(again.headers.get('location')).toBe(location)
  const moved = await server.call('PUT', `/api/channel/bookings/${booked.body.data.id}/cancel`)
  expect(moved.status).toBe(200)
  const patient = await server.call('POST', '/api/patients', { name: 'Jane Doe', phone: '0771234567' })
  expect(patient.headers.get('location')).toBe(`${ROOT}/api/patients/${patient.body.data.id}`)
})

test('what the capability statement names is at the path it says', async () => {
  const { resources } = (await server.call('GET', '/api/capabilities')).body.data as {
    resources: { path: string; operations: string[] }[]
  }
  const reached = resources.filter(({ path, operations }) => operations.includes('GET') && !path.includes('{'))
  expect(reached.map(({ path }) => path)).toContain(`${ROOT}/ws/notify`)
  for (const { path } of reached) expect(`${path} ${(await at(path)).status}`).not.toBe(`${path} 404`)
  const bare = (await rootless.call('GET', '/api/capabilities')).body.data.resources
  expect(resources.map(({ path }) => path)).toEqual(bare.map(({ path }: { path: string }) => `${ROOT}${path}`))
})

test('errors keep the envelope under the root: wrong method, no key, no path', async () => {
  const wrong = await server.call('DELETE', '/api/channel/bookings/1')
  expect(`${wrong.status} ${wrong.body.reason} ${wrong.headers.get('allow')}`).toBe('405 method_not_allowed GET')
  const keyless = await server.call('GET', '/api/channel/sessions', undefined, { key: null })
  expect(`${keyless.status} ${keyless.body.reason}`).toBe('401 key_missing')
  const nowhere = await server.call('GET', '/api/channel/nothing')
  expect(`${nowhere.status} ${nowhere.body.reason}`).toBe('404 no_such_path')
})

test('the docs page, its parts and its document name the root', async () => {
  const page = await (await at(`${ROOT}/docs`)).text()
  const parts = [...page.matchAll(/(?:src|href)="([^"]+)"/g)].map(([, part]) => part!)
  expect(parts.length).toBeGreaterThan(2)
  for (const part of parts) {
    expect(part).toStartWith(`${ROOT}/docs/`)
    expect(`${part} ${(await at(part)).status}`).toBe(`${part} 200`)
  }
  const start = await (await at(parts.find((part) => part.endsWith('start.js'))!)).text()
  expect(start).toContain(`${ROOT}/docs/openapi.json`)
  const { body } = await server.call('GET', '/docs/openapi.json')
  expect(body.servers).toEqual([{ url: ROOT }])
})

test('the socket is under the root, and nowhere else', async () => {
  const screen = await subscribe(server)
  await server.call('POST', '/api/channel/bookings', { sessionInstanceId: 1, patientId: 1 })
  expect(await screen.got(1)).toEqual(['Online Booking Completed - 1'])
  screen.close()
  const bare = { ...server, url: `http://127.0.0.1:${server.port}` }
  const refused = await subscribe(bare).catch((error) => error)
  expect(refused).toBeInstanceOf(HandshakeRefused)
  expect(refused).toMatchObject({ status: 404, body: { reason: 'no_such_path' } })
})

test.each(HOSTS)('without a root everything is there by the host %s', async (host) => {
  for (const path of ['/api/channel/specialities', '/api/x', '/docs', '/docs/', '/health/live', '/metrics', '/m']) {
    const { status } = await fetch(`${rootless.url}${path}`, { headers: { finance: rootless.key, host } })
    expect(`${path} ${status}`).toBe(`${path} ${path.endsWith('/x') || path === '/m' ? 404 : 200}`)
  }
})

test('a root may be written without its slash, or with one too many', () => {
  for (const written of ['channelling', '/channelling', '/channelling/', 'channelling/']) {
    expect(readSettings({ CONTEXT_ROOT: written }).CONTEXT_ROOT).toBe('/channelling')
  }
  for (const written of ['', '/']) expect(readSettings({ CONTEXT_ROOT: written }).CONTEXT_ROOT).toBe('')
})
