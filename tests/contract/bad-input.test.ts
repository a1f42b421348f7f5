import { Database as Sqlite } from 'bun:sqlite'
import { afterAll, expect, test } from 'bun:test'
import { aHospital } from '../support/hospital'
import { type Server, startServer } from '../support/server'
import { type BadRequest, badRequestsOf } from './bad-requests'
import { CANARY } from './bad-values'

/** One server for all, started first: the tests are made from its document. */
const server = await startServer({ seed: aHospital({ patients: 3 }) })
afterAll(() => server[Symbol.asyncDispose]())

// whose lists there are
await server.call('POST', '/api/notifications/webhooks', { url: 'https://93.184.216.34/hooks' })

const operations = server.contract.operations.filter(({ template }) => template.startsWith('/api/'))
const before = await stored(server)

/** Everything that is kept, table by table; when a key was last used, and how often, is not news. */
async function stored(of: Server): Promise<Record<string, unknown[]>> {
  await of.call('GET', '/api/channel/sessions')
  await of.stop()
  const file = new Sqlite(`${of.dataDir}/channelling.db`, { readonly: true })
  const tables = file.query("SELECT name FROM sqlite_schema WHERE type = 'table'").all() as { name: string }[]
  const rows = Object.fromEntries(tables.map(({ name }) => [name, file.query(`SELECT * FROM "${name}"`).all()]))
  file.close()
  await of.restart()
  return { ...rows, key_usage: [], api_key: (rows.api_key as object[]).map((key) => ({ ...key, last_used_at: null })) }
}

/** What is wrong with how a bad request was answered; the recorder has looked at the envelope already. */
async function faultOf(method: string, bad: BadRequest): Promise<string[]> {
  const { path, body, raw, headers, what } = bad
  try {
    const reply = await server.call(method, path, body, { raw, headers })
    const told = `${what}: ${reply.status} ${reply.text.slice(0, 300)}`
    if (reply.status !== bad.status || reply.body.reason !== bad.reason)
      return [`${told}, not ${bad.status} ${bad.reason}`]
    if (reply.text.includes(CANARY) || reply.text.includes('73917391')) return [`${told} says back what was sent`]
    const fields: { path: string }[] = reply.body.fields ?? []
    if (new Set(fields.map(({ path }) => path)).size < fields.length) return [`${told} names a field twice`]
    if (bad.field && !fields.some((field) => field.path.startsWith(bad.field!))) return [`${told}, not at ${bad.field}`]
    return []
  } catch (error) {
    return [`${what}: ${error}`]
  }
}

test.each(operations.map((operation) => [`${operation.method} ${operation.template}`, operation] as const))(
  'bad input to %s is refused, said where and never said back',
  async (_name, operation) => {
    const faults: string[] = []
    for (const bad of badRequestsOf(operation)) faults.push(...(await faultOf(operation.method, bad)))
    expect(faults).toEqual([])
  },
  60_000,
)

test('an address with a bare ?, and an empty body where none is taken, are no mistakes', async () => {
  expect((await server.call('GET', '/api/channel/sessions/1?')).status).toBe(200)
  for (const raw of [undefined, '', '{}', ' { } ', 'null']) {
    for (const headers of [{}, { 'content-type': 'application/json' }, { 'content-encoding': 'identity' }]) {
      const given = { raw, headers: headers as Record<string, string> }
      const { status, body } = await server.call('DELETE', '/api/channel/schedules/999999', undefined, given)
      expect([raw, headers, status, body.reason]).toEqual([raw, headers, 404, 'schedule_not_found'])
    }
  }
})

test('what is misspelt in an address is no booking, rather than one without its hold', async () => {
  const asked = { sessionInstanceId: 1, patientId: 1 }
  const { status, body } = await server.call('POST', '/api/channel/bookings?hold=true', asked)
  expect([status, body.reason, body.fields]).toEqual([
    400,
    'invalid_request',
    [{ path: 'query', message: 'has a parameter that this operation does not know' }],
  ])
})

test('JSON in UTF-8 is taken however that is said', async () => {
  for (const type of [
    'application/json;charset=UTF-8',
    'application/json; charset="utf-8"',
    'Application/JSON; Charset=utf8',
  ]) {
    const given = { raw: '{"name":"Jane Doe"}', headers: { 'content-type': type, 'content-encoding': 'Identity' } }
    const { status, body } = await server.call('POST', '/api/patients', undefined, given)
    expect([type, status, body.reason]).toEqual([type, 400, 'invalid_request'])
  }
})

test('what is not UTF-8 is refused, however it is sent, before a name is damaged by it', async () => {
  const latin = Buffer.from('{"name":"Jos\xe9 Perera","phone":"0771234567"}', 'latin1')
  const cut = Buffer.from('{"name":"José","phone":"0771234567"}').subarray(0, 13)
  for (const bytes of [latin, cut]) {
    for (const raw of [bytes, new Blob([bytes]).stream()]) {
      const given = { raw, headers: { 'content-type': 'application/json' } }
      const { status, body } = await server.call('POST', '/api/patients', undefined, given)
      expect([status, body.reason]).toEqual([415, 'unsupported_media_type'])
    }
  }
  const right = await server.call('POST', '/api/patients', { name: 'José Perera' })
  expect([right.status, right.body.reason]).toEqual([400, 'invalid_request'])
})

test('a page far past the end is empty', async () => {
  const lists = operations.filter(({ parameters }) => parameters.some(({ name }) => name === 'page'))
  expect(lists.length).toBeGreaterThan(8)
  for (const { template } of lists) {
    const query = template.endsWith('/search') ? '&name=patient' : ''
    const { status, body } = await server.call(
      'GET',
      `${template.replace(/\{[^}]+\}/, '1')}?page=1000000000&size=200${query}`,
    )
    expect([template, status, body.data]).toEqual([template, 200, []])
  }
})

test('a key that is no key is never said back', async () => {
  for (const key of [CANARY, `chk_live_${CANARY}`, 'x'.repeat(10_000)]) {
    for (const headers of <Record<string, string>[]>[
      { finance: key },
      { authorization: `Bearer ${key}` },
      { authorization: `Basic ${key}` },
    ]) {
      const { status, text } = await server.call('GET', '/api/channel/sessions', undefined, { key: null, headers })
      expect(status).toBe(401)
      expect(text).not.toContain(key)
    }
  }
})

test('after all of it nothing was written, and the server goes on', async () => {
  expect(await stored(server)).toEqual(before)
  expect(server.output()).not.toContain(CANARY)
  const { status } = await server.call('POST', '/api/channel/bookings', { sessionInstanceId: 1, patientId: 1 })
  expect(status).toBe(201)
  expect((await stored(server)).booking).toHaveLength(1)
}, 30_000)

test('bad requests are made for every property and parameter', () => {
  const fields = new Map(
    operations.map((operation) => [
      operation.object.operationId,
      new Set(badRequestsOf(operation).map(({ field }) => field)),
    ]),
  )
  expect([...fields.get('reservePlace')!]).toContainEqual('body.sessionInstanceId')
  for (const { object, parameters, body } of operations) {
    const wanted = [
      ...parameters
        .filter((parameter) => parameter.in !== 'header')
        // of a list the place in it is named
        .map(({ in: where, name, schema }) => `${where}.${name}${schema.items ? '.0' : ''}`),
      ...Object.keys(body?.properties ?? {}).map((name) => `body.${name}`),
    ]
    expect([...fields.get(object.operationId)!]).toEqual(expect.arrayContaining(wanted))
  }
})
