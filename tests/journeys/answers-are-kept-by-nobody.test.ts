import { afterAll, beforeAll, expect, setDefaultTimeout, test } from 'bun:test'
import { aHospital, aSession } from '../support/hospital'
import { type Server, startServer } from '../support/server'

setDefaultTimeout(60_000)

let server: Server
beforeAll(async () => {
  server = await startServer({ seed: aHospital({ sessions: [aSession({ capacity: 1 })] }) })
})
afterAll(() => server?.[Symbol.asyncDispose]())

const NOBODY = 'no-store'
/** Kept by whoever asked alone, and not used before the server was asked whether it still holds. */
const ASKED_AGAIN = 'private, no-cache'

/** What an answer lets others do with it. */
async function kept(method: string, path: string, body?: unknown, headers: Record<string, string> = {}) {
  const answer = await server.call(method, path, body, { headers })
  return `${answer.status} ${answer.headers.get('cache-control')}`
}

test('what is said of patients and bookings is kept by nobody on the way, refusals included', async () => {
  const booking = { sessionInstanceId: 1, patientId: 1 }
  const once = { 'idempotency-key': 'once' }
  expect(await kept('POST', '/api/channel/bookings', booking, once)).toBe(`201 ${NOBODY}`)
  expect(await kept('POST', '/api/channel/bookings', booking, once)).toBe(`201 ${NOBODY}`)
  expect(await kept('POST', '/api/channel/bookings', booking)).toBe(`409 ${NOBODY}`)
  expect(await kept('GET', '/api/patients/search?id=1')).toBe(`200 ${NOBODY}`)
  expect(await kept('HEAD', '/api/patients/1')).toBe(`200 ${NOBODY}`)
  expect(await kept('GET', '/api/patients/999')).toBe(`404 ${NOBODY}`)
  expect(await kept('GET', '/api/patients/x')).toBe(`400 ${NOBODY}`)
  expect(await kept('GET', '/api/channel/bookings/patient/1')).toBe(`200 ${NOBODY}`)
  expect(await kept('GET', '/api/admin/keys')).toBe(`200 ${NOBODY}`)
  expect(await kept('GET', '/api/notifications/events')).toBe(`200 ${NOBODY}`)
  expect(await kept('POST', '/api/notifications/tickets')).toBe(`201 ${NOBODY}`)
  expect(await kept('GET', '/metrics')).toBe(`200 ${NOBODY}`)
  expect(await kept('GET', '/api/nothing')).toBe(`404 ${NOBODY}`)
})

test('a handshake and a key that are refused are answered to whoever sent them alone', async () => {
  for (const path of ['/ws/notify', '/api/patients/1']) {
    const { status, headers } = await fetch(`${server.url}${path}`, { headers: { finance: 'chk_live_wrong' } })
    expect([path, status >= 400, headers.get('cache-control')]).toEqual([path, true, NOBODY])
  }
})

test('the catalogue is read again as before, by whoever has it already', async () => {
  for (const path of ['/api/channel/specialities', '/api/channel/sessions/1']) {
    const { headers } = await server.call('GET', path)
    expect(headers.get('cache-control')).toBe(ASKED_AGAIN)
    expect(await kept('GET', path, undefined, { 'if-none-match': headers.get('etag')! })).toBe(`304 ${ASKED_AGAIN}`)
  }
})
