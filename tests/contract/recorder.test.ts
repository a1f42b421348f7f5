import { beforeAll, expect, test } from 'bun:test'
import { type Answered, type Contract, ContractFault, createContract } from '../support/contract'
import { aHospital } from '../support/hospital'
import { startServer } from '../support/server'

/** Answers as a server gave them; the tests below spoil one thing of each. */
const answers = new Map<string, Answered>()
let contract: Contract

beforeAll(async () => {
  await using server = await startServer({ seed: aHospital({ patients: 2 }) })
  contract = createContract(structuredClone(server.contract.document))
  const take = async (name: string, method: string, path: string, body?: unknown) => {
    const { status, headers, text } = await server.call(method, path, body)
    answers.set(name, { method, path, status, headers, text })
  }
  await take('session', 'GET', '/api/channel/sessions/1')
  await take('booking', 'POST', '/api/channel/bookings', { sessionInstanceId: 1, patientId: 1 })
  await take('no session', 'GET', '/api/channel/sessions/99')
  await take('no such path', 'GET', '/api/channel/nothing')
  await take('wrong method', 'DELETE', '/api/channel/bookings')
}, 30_000)

/** An answer, changed. */
function spoiled(name: string, change: { status?: number; headers?: Record<string, string | null>; body?: object }) {
  const answer = answers.get(name)!
  const headers = new Headers(answer.headers)
  for (const [header, value] of Object.entries(change.headers ?? {})) {
    if (value === null) headers.delete(header)
    else headers.set(header, value)
  }
  const text = change.body ? JSON.stringify({ ...JSON.parse(answer.text), ...change.body }) : answer.text
  return () => contract.check({ ...answer, status: change.status ?? answer.status, headers, text })
}

const dataOf = (name: string) => JSON.parse(answers.get(name)!.text).data

test('what the document describes passes', () => {
  for (const answer of answers.values()) expect(() => contract.check(answer)).not.toThrow()
  expect([...answers.values()].map(({ status }) => status)).toEqual([200, 201, 404, 404, 405])
})

test.each([
  ['a property of another type', 'session', () => ({ body: { data: { ...dataOf('session'), capacity: '30' } } })],
  ['a property too many', 'session', () => ({ body: { data: { ...dataOf('session'), secret: 1 } } })],
  ['a property too many in the envelope', 'session', () => ({ body: { note: 'x' } })],
  ['a missing property', 'session', () => ({ body: { data: { ...dataOf('session'), fees: undefined } } })],
  ['null where there is no null', 'session', () => ({ body: { data: { ...dataOf('session'), currency: null } } })],
  ['a date of another form', 'session', () => ({ body: { data: { ...dataOf('session'), startsAt: '18/05/2026' } } })],
  ['a status that is none', 'session', () => ({ body: { data: { ...dataOf('session'), status: 'Open' } } })],
  ['a code unlike the status', 'session', () => ({ body: { code: 201 } })],
  ['a status that is not documented', 'session', () => ({ status: 418 })],
  ['a page that is no JSON', 'session', () => ({ headers: { 'content-type': 'text/html' } })],
  ['a create without a Location', 'booking', () => ({ headers: { location: null } })],
  ['a reason that the operation does not list', 'no session', () => ({ body: { reason: 'patient_not_found' } })],
  ['a reason that nobody lists', 'no session', () => ({ body: { reason: 'not_there' } })],
  ['an error without a message', 'no session', () => ({ body: { message: undefined } })],
  ['another request in the header', 'no session', () => ({ headers: { 'x-request-id': 'other' } })],
  ['an answer without its request id', 'session', () => ({ headers: { 'x-request-id': null } })],
  ['a read that can be spared without its ETag', 'session', () => ({ headers: { etag: null } })],
  ['a write with an ETag', 'booking', () => ({ headers: { etag: '"1"' } })],
  ['a read that is replayed', 'session', () => ({ headers: { 'idempotent-replay': 'true' } })],
  ['an unknown path with a reason of operations', 'no such path', () => ({ body: { reason: 'session_not_found' } })],
  ['an unknown path that answers', 'no such path', () => ({ status: 200 })],
  ['a wrong method without Allow', 'wrong method', () => ({ headers: { allow: null } })],
  ['a wrong method that allows another', 'wrong method', () => ({ headers: { allow: 'GET, POST' } })],
])('the recorder refuses %s', (_what, name, change) => {
  expect(spoiled(name, change())).toThrow(ContractFault)
})

test('every call of a test is checked: one that the document does not describe fails it', async () => {
  await using server = await startServer({ seed: aHospital() })
  expect((await server.call('GET', '/api/channel/sessions')).status).toBe(200)
  const operation = server.contract.operations.find(({ object }) => object.operationId === 'listSessions')!
  const described = operation.responses.get(200)!
  operation.responses.delete(200)
  try {
    await expect(server.call('GET', '/api/channel/sessions')).rejects.toThrow(ContractFault)
    await expect(server.as(server.key)('GET', '/api/channel/sessions')).rejects.toThrow(ContractFault)
  } finally {
    operation.responses.set(200, described)
  }
}, 30_000)
