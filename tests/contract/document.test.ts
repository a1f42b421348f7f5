import { afterAll, beforeAll, expect, test } from 'bun:test'
import { scopes } from '@channelling/contract'
import type { Documented } from '../support/openapi'
import { type Server, startServer } from '../support/server'
import { lint } from './lint'

const ROOT = '/channelling'

let server: Server
let operations: Documented[]
beforeAll(async () => {
  server = await startServer({ environment: { CONTEXT_ROOT: ROOT } })
  operations = server.contract.operations
}, 30_000)
afterAll(() => server[Symbol.asyncDispose]())

const nameOf = ({ method, template }: Documented) => `${method} ${template}`

test('the linter finds no error in the document', async () => {
  const { errors, warnings } = await lint(server.contract.document)
  expect(errors).toEqual([])
  // paths that the contract fixes, and a socket, which answers 101
  const inherent = /^(no-ambiguous-paths .*bookings|operation-2xx-response .*ws~1notify)/
  expect(warnings.filter((warning) => !inherent.test(warning))).toEqual([])
}, 60_000)

test('the linter sees an error', async () => {
  const document = structuredClone(server.contract.document)
  const { get } = document.paths['/api/channel/sessions/{id}']!
  get!.parameters = []
  get!.operationId = 'listSessions'
  expect((await lint(document)).errors.map((error) => error.split(' ')[0]).sort()).toEqual([
    'operation-operationId-unique',
    'path-parameters-defined',
  ])
}, 60_000)

/** The paths that the seed page fixes. */
const fixed = [
  'GET /api/capabilities',
  'GET /api/channel/specialities',
  'GET /api/channel/consultants',
  'GET /api/channel/sessions',
  'GET /api/channel/sessions/{id}',
  'POST /api/channel/bookings',
  'GET /api/channel/bookings/{id}',
  'GET /api/channel/bookings/patient/{patientId}',
  'PUT /api/channel/bookings/{id}/cancel',
  'PUT /api/channel/bookings/{id}/reschedule',
  'GET /api/patients/search',
  'POST /api/patients',
  'GET /ws/notify',
]

const writable = ['specialities', 'hospitals', 'consultants', 'schedules', 'sessions'].flatMap((name) => [
  `POST /api/channel/${name}`,
  `PUT /api/channel/${name}/{id}`,
  `DELETE /api/channel/${name}/{id}`,
])

/** The other paths of the contract. */
const ours = [
  'GET /api/channel/hospitals',
  ...writable,
  'PUT /api/channel/bookings/{id}/complete',
  'GET /api/channel/bookings/{id}/history',
  'GET /api/patients/{id}',
  'PUT /api/patients/{id}',
  'POST /api/notifications/tickets',
  'POST /api/admin/clients',
  'GET /api/admin/clients',
  'PUT /api/admin/clients/{id}',
  'PUT /api/admin/clients/{id}/disable',
  'PUT /api/admin/clients/{id}/enable',
  'POST /api/admin/keys',
  'GET /api/admin/keys',
  'PUT /api/admin/keys/{id}/activate',
  'PUT /api/admin/keys/{id}/deactivate',
  'PUT /api/admin/keys/{id}/retire',
  'PUT /api/admin/keys/{id}/rotate',
  'GET /api/admin/audit',
  'GET /health/live',
  'GET /health/ready',
]

test.each([...fixed, ...ours])('%s is in the document', (name) => {
  expect(operations.map(nameOf)).toContain(name)
})

test('every operation has a name of its own, a summary, a tag that is described, and its parameters', () => {
  const names = operations.map(({ object }) => object.operationId)
  expect(new Set(names).size).toBe(names.length)
  const tags = (server.contract.document as unknown as { tags: { name: string; description: string }[] }).tags
  for (const operation of operations) {
    const { object, template, parameters } = operation
    expect([nameOf(operation), object.operationId]).toEqual([nameOf(operation), expect.stringMatching(/^[a-z]\w+$/)])
    // what the Swagger plugin makes up for an operation that names itself not
    expect(object.operationId).not.toMatch(/^(get|post|put|delete)Api/)
    expect([nameOf(operation), object.summary]).toEqual([nameOf(operation), expect.stringMatching(/^[A-Z].{8,}[^.]$/)])
    expect(object.tags).toHaveLength(1)
    expect(tags.find(({ name }) => name === object.tags[0])?.description).toMatch(/^[A-Z].{8,}/)
    const inPath = [...template.matchAll(/\{([^}]+)\}/g)].map(([, name]) => name!)
    expect(parameters.filter((parameter) => parameter.in === 'path').map(({ name }) => name)).toEqual(inPath)
    for (const { schema } of parameters)
      expect(['integer', 'string', 'boolean']).toContain((schema.items ?? schema).type!)
  }
})

test('every operation says who may call it: one scope, or nobody in particular for what is public', () => {
  const open = operations.filter(({ object }) => object.security.length === 0)
  expect(open.map(nameOf).sort()).toEqual(['GET /api/capabilities', 'GET /health/live', 'GET /health/ready'])
  for (const { object } of operations.filter((operation) => !open.includes(operation))) {
    expect(scopes as readonly string[]).toContain(object['x-scope']!)
    expect(object.security.slice(0, 2)).toEqual([{ Finance: [] }, { Bearer: [] }])
  }
})

test('the document names the address that its paths begin at', () => {
  expect(server.contract.document.servers).toEqual([{ url: ROOT }])
})

const called = (name: string) => operations.find((operation) => nameOf(operation) === name)!
const headersOf = (name: string, status: number) => Object.keys(called(name).responses.get(status)?.headers ?? {})

test('the events are there as JSON and as a stream, and the socket says what may stand in its address', () => {
  const { content = {} } = called('GET /api/notifications/events').responses.get(200)!
  expect(Object.keys(content)).toEqual(['application/json', 'text/event-stream'])
  expect(called('GET /ws/notify').parameters).toEqual(
    ['from', 'sessionId', 'consultantId', 'access_token'].map((name) =>
      expect.objectContaining({
        name,
        in: 'query',
        required: false,
        description: expect.stringMatching(/^[A-Z].{8,}/),
      }),
    ),
  )
})

test('every path says that it may be asked by a wrong method, and what it takes then', () => {
  for (const operation of operations) {
    expect([nameOf(operation), headersOf(nameOf(operation), 405)]).toEqual([
      nameOf(operation),
      expect.arrayContaining(['Allow', 'X-Request-Id']),
    ])
  }
})

test('every answer has its request id, a read that can be spared its ETag, and a booking says when it is replayed', () => {
  for (const operation of operations) {
    const name = nameOf(operation)
    const replays = operation.parameters.some((parameter) => parameter.name === 'idempotency-key')
    for (const status of operation.responses.keys()) {
      const headers = headersOf(name, status)
      expect([name, status, headers.includes('X-Request-Id')]).toEqual([name, status, true])
      const spared = operation.responses.has(304) && (status === 200 || status === 304)
      expect([name, status, headers.includes('ETag')]).toEqual([name, status, spared])
      const replayed = replays && [200, 201, 404, 409].includes(status)
      expect([name, status, headers.includes('Idempotent-Replay')]).toEqual([name, status, replayed])
    }
  }
  expect(headersOf('POST /api/channel/bookings', 201)).toContain('Idempotent-Replay')
  expect(headersOf('GET /api/channel/sessions', 200)).toContain('ETag')
})

test('the code of an answer is a whole number', () => {
  for (const operation of operations) {
    for (const [status, { content }] of operation.responses) {
      const code = content?.['application/json']?.schema.properties?.code
      if (code) expect([nameOf(operation), code]).toEqual([nameOf(operation), { type: 'integer', enum: [status] }])
    }
  }
})

test('the capability statement has what the contract names, and every operation of the document', async () => {
  const { body } = await server.call('GET', '/api/capabilities', undefined, { key: null })
  const { resources, ...about } = body.data
  for (const name of ['name', 'version', 'description', 'authentication', 'contact', 'termsOfUse']) {
    expect(about[name]).toMatch(/./)
  }
  expect(Object.keys(about)).toHaveLength(6)
  const listed = resources.flatMap((resource: { path: string; operations: string[] }) =>
    resource.operations.map((method) => `${method} ${resource.path}`),
  )
  const atRoot = operations.map(({ method, template }) => `${method} ${ROOT}${template}`)
  expect(listed.sort()).toEqual(atRoot.sort())
  for (const resource of resources) {
    expect(Object.keys(resource)).toEqual(['name', 'path', 'description', 'operations', 'authentication', 'status'])
    expect(resource.status).toBe('available')
    const among = operations.filter(({ template }) => ROOT + template === resource.path)
    for (const { object } of among) expect(resource.authentication).toContain(object['x-scope'] ?? 'none')
  }
})
