import { afterAll, beforeAll, expect, setDefaultTimeout, test } from 'bun:test'
import { scopes } from '@channelling/contract'
import { IDENTITY_HEADER, signIdentity } from '@channelling/http'
import { type ApiClient, aClient } from '../support/client'
import { dial, type RawAnswer } from '../support/raw'
import { type Server, startServer } from '../support/server'
import { HOST, STRAY, strays, wire } from './probe'

setDefaultTimeout(60_000)

const SECRET = 'a secret that got out somehow'

let server: Server
let reader: ApiClient
beforeAll(async () => {
  server = await startServer({ environment: { INTERNAL_SECRET: SECRET } })
  reader = await aClient(server, { scopes: ['catalogue:read'] })
})
afterAll(() => server[Symbol.asyncDispose]())

const body = `{"name":"${STRAY}","phone":"0771234567"}`
const target = { method: 'POST', path: '/api/patients' }

/** Says to be somebody who may do everything, signed by the very secret that the services trust. */
const forged = () => {
  const caller = { clientId: 1, keyId: 1, access: 'all' as const, scopes }
  return signIdentity(SECRET, caller, target, Date.now())
}

async function register(more: string[], key: string | null): Promise<RawAnswer> {
  using connection = await dial(server.port)
  const framing = ['Content-Type: application/json', `Content-Length: ${body.length}`]
  const keys = key ? [`Finance: ${key}`] : []
  connection.send(wire(['POST /api/patients HTTP/1.1', HOST, ...keys, ...framing, ...more], body))
  const { answers } = await connection.hear(1)
  return answers[0]!
}

const reasonOf = ({ status, text }: RawAnswer) => `${status} ${JSON.parse(text).reason}`

const spelled = (name: string) => [
  name,
  name.toUpperCase(),
  name.replaceAll('-', '_'),
  name.replaceAll('-', '_').toUpperCase(),
  name.replaceAll('-', '.'),
  name.replaceAll('-', '').replace('x', 'X-'),
  name.replace('x-', ''),
  `HTTP_${name.replaceAll('-', '_').toUpperCase()}`,
  'X-Identity',
  'X_Identity',
  'x.identity',
]

test.each(spelled(IDENTITY_HEADER))(
  'an identity in %s is not believed, even one that is rightly signed',
  async (name) => {
    for (const more of [
      [`${name}: ${forged()}`],
      [`${name}: ${forged()}`, `${name}: ${forged()}`],
      [`${name}: ${forged()}`, `Connection: ${name}`],
      [`${name}: ${forged()}`, `Connection: close, ${name}`],
      [`${name}: ${forged()}`, `Keep-Alive: ${name}`, `TE: trailers`],
    ]) {
      expect(reasonOf(await register(more, null))).toBe('401 key_missing')
      expect(reasonOf(await register(more, 'junk'))).toBe('401 key_unknown')
      expect(reasonOf(await register(more, reader.key))).toBe('403 scope_missing')
    }
    expect(await strays(server)).toBe(0)
  },
)

test.each([
  'X-Client-Id: 1',
  'X-Scopes: admin',
  'X-HTTP-Method-Override: GET',
  'X-Original-URL: /api/channel/specialities',
  'X-Rewrite-URL: /api/channel/specialities',
  'X-Forwarded-Prefix: /docs',
  'X-Forwarded-Host: other.example',
  'X-Forwarded-For: 127.0.0.1',
  'Forwarded: for=127.0.0.1;host=other.example',
  'Cookie: Finance=1',
  'Connection: Finance',
  'Connection: close, Finance',
  'Proxy-Authorization: Bearer 1',
])('%s changes nothing of who calls and what for', async (header) => {
  expect(reasonOf(await register([header], null))).toBe('401 key_missing')
  expect(reasonOf(await register([header], reader.key))).toBe('403 scope_missing')
  expect(await strays(server)).toBe(0)
})

test('a request is named by the server, not by who sends it', async () => {
  const answer = await register(['X-Request-Id: mine', 'X_Request_Id: mine'], reader.key)
  expect(answer.headers.get('x-request-id')).toMatch(/^[0-9a-f-]{36}$/)
})

test('the audit tells from where an administrator acted, not from where he says', async () => {
  const given = JSON.stringify({ name: 'From afar' })
  using connection = await dial(server.port)
  const framing = ['Content-Type: application/json', `Content-Length: ${given.length}`]
  const says = ['X-Channelling-Origin', 'X_Channelling_Origin', 'X-Forwarded-For', 'X-Real-IP']
  const lines = ['POST /api/admin/clients HTTP/1.1', HOST, `Finance: ${server.key}`, ...framing]
  connection.send(wire([...lines, ...says.map((name) => `${name}: 10.9.8.7`)], given))
  expect((await connection.hear(1)).answers[0]?.status).toBe(201)
  const audit = await server.call('GET', '/api/admin/audit')
  expect(audit.text).not.toContain('10.9.8.7')
  expect(audit.text).toContain('127.0.0.1')
})

test('a service is not reached by any path of its own', async () => {
  for (const path of ['/openapi/json', '/openapi', '/import', '/api/../openapi/json', '//openapi/json']) {
    for (const key of [null, server.key]) {
      const { status } = await server.call('GET', path, undefined, { key })
      expect(`${path} ${status}`).toBe(`${path} 404`)
    }
  }
})

test('the same request by a key that may does register a patient', async () => {
  expect((await register([], server.key)).status).toBe(201)
  expect(await strays(server)).toBe(1)
})
