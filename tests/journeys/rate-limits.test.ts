import { expect, setDefaultTimeout, test } from 'bun:test'
import { mintKey } from '@channelling/access'
import { aClient } from '../support/client'
import { handshake, headOf } from '../support/head'
import { aHospital } from '../support/hospital'
import type { Reply } from '../support/reply'
import { startServer } from '../support/server'
import { HandshakeRefused, subscribe } from '../support/socket'

setDefaultTimeout(60_000)

const quotaOf = ({ headers }: Reply) =>
  ['ratelimit-limit', 'ratelimit-remaining'].map((name) => headers.get(name)).join(' ')
const told = ({ status, body }: Reply) => (status < 400 ? status : `${status} ${body.reason}`)

test('every answer to a limited key says what is left; beyond it 429 says when to come again', async () => {
  await using server = await startServer({
    environment: { RATE_LIMIT_READS: '4', RATE_LIMIT_WRITES: '3' },
    seed: aHospital(),
  })
  const { call } = await aClient(server)
  const read = () => call('GET', '/api/channel/specialities')
  const seen: string[] = []
  for (const [method, path, body] of [
    ['GET', '/api/channel/specialities'],
    ['HEAD', '/api/channel/specialities'],
    ['GET', '/api/channel/sessions/99'],
    ['PUT', '/api/channel/bookings/99/cancel', {}],
    ['POST', '/api/channel/bookings', { no: 'body' }],
    ['GET', '/api/nothing'],
    ['GET', '/api/channel/sessions'],
    ['PATCH', '/api/channel/sessions'],
    ['DELETE', '/api/channel/hospitals/1'],
  ] as const) {
    const reply = await call(method, path, body)
    seen.push(`${method} ${reply.status} ${quotaOf(reply)}`)
  }
  expect(seen).toEqual([
    'GET 200 4 3',
    'HEAD 200 4 2',
    'GET 404 4 1',
    'PUT 404 3 2',
    'POST 400 3 1',
    'GET 404 4 0',
    'GET 429 4 0',
    'PATCH 405 3 0',
    'DELETE 429 3 0',
  ])
  const refused = await read()
  expect(refused.body).toMatchObject({ status: 'error', code: 429, reason: 'rate_limited' })
  const wait = Number(refused.headers.get('retry-after'))
  expect(wait).toBeGreaterThan(30)
  expect(wait).toBeLessThanOrEqual(60)
  expect(refused.headers.get('ratelimit-reset')).toBe(String(wait))

  expect(quotaOf(await server.call('GET', '/api/channel/specialities'))).toBe('4 3')
  for (const path of ['/api/capabilities', '/health/live']) {
    expect((await server.call('GET', path, undefined, { key: null })).headers.has('ratelimit-limit')).toBe(false)
  }
})

test('a handshake is a read of its key, or of the key that its ticket was asked for with, and says what is left', async () => {
  await using server = await startServer({ environment: { RATE_LIMIT_READS: '4' }, seed: aHospital() })
  const { key, call } = await aClient(server)
  const { ticket } = (await call('POST', '/api/notifications/tickets')).body.data
  const open = async (headers: Record<string, string>, query = '') => {
    const answer = await headOf(server, `/ws/notify${query}`, { headers: { ...handshake, ...headers } })
    return `${answer.status} ${answer.headers.get('ratelimit-remaining')}`
  }
  expect(await open({ finance: key })).toBe('101 3')
  expect(await open({}, `?access_token=${ticket}`)).toBe('101 2')
  // what it asks for makes no difference
  expect(await open({ finance: key, 'sec-websocket-protocol': 'channelling.v1+json' }, '?from=e:1')).toBe('101 1')
  expect(quotaOf(await call('GET', '/api/channel/specialities'))).toBe('4 0')
  expect(await open({ finance: key })).toBe('429 0')
  const refused = await subscribe(server, { key }).catch((error) => error)
  expect(refused).toBeInstanceOf(HandshakeRefused)
  expect(refused.body.reason).toBe('rate_limited')
  // another key is not concerned
  expect(await open({ finance: server.key })).toMatch(/^101 /)
})

test('of many requests at once exactly as many are let in as the limit says', async () => {
  await using server = await startServer({ environment: { RATE_LIMIT_READS: '50' }, seed: aHospital() })
  const replies = await Promise.all(Array.from({ length: 300 }, () => server.call('GET', '/api/channel/specialities')))
  const counts = Map.groupBy(replies, told)
  expect([counts.get(200)?.length, counts.get('429 rate_limited')?.length]).toEqual([50, 250])
  const left = counts.get(200)!.map(({ headers }) => Number(headers.get('ratelimit-remaining')))
  expect(Math.min(...left)).toBe(0)
})

test('without a limit nothing is said of one', async () => {
  await using server = await startServer({ seed: aHospital() })
  const reply = await server.call('GET', '/api/channel/specialities')
  expect([...reply.headers.keys()].filter((name) => name.startsWith('ratelimit'))).toEqual([])
})

test('an address that tries many wrong keys is held off, and a good key from the same address is not', async () => {
  await using server = await startServer({ environment: { RATE_LIMIT_FAILURES: '5' }, seed: aHospital() })
  const { key, keyId } = await aClient(server)
  const asked = (sent: string | null) =>
    server
      .call('GET', '/api/channel/specialities', undefined, { key: sent })
      .then((reply) => ({ reply, verdict: told(reply) }))
  const socketVerdict = async () => {
    const refused = await subscribe(server, { key: mintKey() }).catch((error) => error)
    return refused instanceof HandshakeRefused ? `${refused.status} ${refused.body.reason}` : 'let in'
  }
  expect((await asked('junk')).verdict).toBe('401 key_unknown')
  expect((await asked(mintKey())).verdict).toBe('401 key_unknown')
  expect(await socketVerdict()).toBe('401 key_unknown')
  expect((await server.call('PUT', `/api/admin/keys/${keyId}/retire`)).status).toBe(200)
  expect([(await asked(key)).verdict, (await asked(key)).verdict]).toEqual(['401 key_retired', '401 key_retired'])
  for (const wrong of ['junk', mintKey(), key]) {
    const { reply, verdict } = await asked(wrong)
    expect(verdict).toBe('429 rate_limited')
    expect(Number(reply.headers.get('retry-after'))).toBeGreaterThan(30)
  }
  expect(await socketVerdict()).toBe('429 rate_limited')
  // a request without a key is no attempt, and a good key is good, also one never seen before
  expect((await asked(null)).verdict).toBe('401 key_missing')
  expect((await asked(server.key)).verdict).toBe(200)
  expect(told(await (await aClient(server)).call('GET', '/api/channel/specialities'))).toBe(200)
})
