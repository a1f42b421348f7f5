import { expect, test } from 'bun:test'
import { type Caller, Refusal, scopes } from '@channelling/contract'
import { createLog, REASON_HEADER } from '@channelling/http'
import type { Directory, Route } from '../directory'
import { createFront } from '../front'
import { createMetrics } from './metrics'
import { createObserver } from './observer'

const T0 = Date.UTC(2026, 4, 18, 4, 0, 0)
const caller: Caller = { clientId: 7, keyId: 9, access: 'own', scopes }

interface Given {
  level?: string
  slowMs?: number
  /** How long a service takes, in milliseconds. */
  takes?: number
  answer?: () => Response
}

/** The front door before one service, and what is written and counted of the requests that come. */
function aDoor({ level = 'info', slowMs = 1_000, takes = 2.7149, answer = () => new Response('{}') }: Given = {}) {
  const lines: string[] = []
  const sent: Headers[] = []
  const metrics = createMetrics()
  let now = 0
  const route: Route = {
    template: '/api/patients/search',
    scope: 'patients:read',
    takes: { query: true, body: true },
    service: {
      name: 'patients',
      elsewhere: true,
      send: async ({ headers }) => {
        sent.push(new Headers(headers))
        now += takes
        return answer()
      },
    },
  }
  const directory: Directory = { find: () => route, routes: [] }
  const log = createLog(level, 'test', { write: () => {} })
  const observer = createObserver({
    metrics,
    log,
    output: { gather: (line) => void lines.push(line) },
    slowMs,
    clock: () => T0,
    elapsed: () => now,
  })
  const front = createFront({
    contextRoot: '',
    isOwn: () => false,
    addressOf: () => '10.1.2.3',
    authenticate: (headers) => {
      if (!headers.has('finance')) throw new Refusal('key_missing', 'Send your key')
      return caller
    },
    rateLimiter: { quotaOf: () => undefined, size: () => 0 },
    waiting: { begin: () => () => {} },
    directory: () => directory,
    observer,
    log,
  })
  return {
    lines,
    sent,
    metrics,
    ask: (path: string, init: RequestInit = {}) =>
      front(new Request(`http://localhost${path}`, { headers: { finance: 'k' }, ...init })),
  }
}

test('a request leaves one line: what it was by its template, and nothing that the caller wrote', async () => {
  const door = aDoor()
  const answer = await door.ask('/api/patients/search?name=Jane%20Doe')
  expect(door.lines).toHaveLength(1)
  expect(door.lines[0]).toEndWith('}\n')
  const requestId = answer.headers.get('x-request-id')!
  expect(JSON.parse(door.lines[0]!)).toEqual({
    level: 'info',
    time: '2026-05-18T04:00:00.000Z',
    service: 'channelling',
    requestId,
    traceId: requestId.replaceAll('-', ''),
    method: 'GET',
    route: '/api/patients/search',
    status: 200,
    durationMs: 2.71,
    clientId: 7,
    keyId: 9,
    msg: 'request',
  })
})

test('a line written by hand reads as pino would have written it', async () => {
  const door = aDoor()
  await door.ask('/api/patients/search')
  const { msg, level, service, time, ...fields } = JSON.parse(door.lines[0]!)
  const written: string[] = []
  createLog('info', 'channelling', { write: (line: string) => void written.push(line) }).info(fields, msg)
  expect({ ...JSON.parse(written[0]!), time }).toEqual({ level, time, service, ...fields, msg })
})

test('a refused request says why, whoever refused it, and the word of the service goes no further', async () => {
  const refused = aDoor({
    answer: () => new Response('{}', { status: 404, headers: { [REASON_HEADER]: 'patient_not_found' } }),
  })
  const answer = await refused.ask('/api/patients/search')
  expect(answer.headers.has(REASON_HEADER)).toBe(false)
  await refused.ask('/api/patients/search', { headers: {} })
  expect(refused.lines.map((line) => JSON.parse(line))).toMatchObject([
    { status: 404, reason: 'patient_not_found', keyId: 9 },
    { status: 401, reason: 'key_missing', route: 'none' },
  ])
  expect(refused.lines[1]).not.toContain('keyId')
  const text = await refused.metrics.registry.metrics()
  expect(text).toContain('channelling_refusals_total{reason="patient_not_found",service="patients"} 1')
  expect(text).toContain('channelling_refusals_total{reason="key_missing",service="gateway"} 1')
})

test('what a service calls a reason and is none is not told', async () => {
  const door = aDoor({ answer: () => new Response('{}', { status: 404, headers: { [REASON_HEADER]: 'Jane Doe' } }) })
  const answer = await door.ask('/api/patients/search')
  expect(answer.headers.has(REASON_HEADER)).toBe(false)
  expect(door.lines.join() + (await door.metrics.registry.metrics())).not.toContain('Jane')
})

test('a service that fails leaves its line too', async () => {
  const door = aDoor({
    answer: () => {
      throw new Error('Jane Doe')
    },
  })
  expect((await door.ask('/api/patients/search')).status).toBe(500)
  expect(JSON.parse(door.lines[0]!)).toMatchObject({ status: 500, reason: 'internal_error' })
  expect(await door.metrics.registry.metrics()).toContain('channelling_http_requests_in_flight 0')
})

test('a request is slow from the very millisecond on that the setting names; then its one line is a warning', async () => {
  for (const [takes, level] of [
    [999, 'info'],
    [1_000, 'warn'],
  ] as const) {
    const door = aDoor({ takes })
    await door.ask('/api/patients/search')
    expect(door.lines.map((line) => JSON.parse(line).level)).toEqual([level])
  }
})

test.each([
  ['info', 1_000, ['request', 'slow request']],
  ['warn', 1_000, ['slow request']],
  ['error', 1_000, []],
  ['info', 0, ['request', 'request']],
])(
  'at LOG_LEVEL %s with SLOW_REQUEST_MS %d of a fast and a slow request %j are written',
  async (level, slowMs, expected) => {
    const lines = []
    for (const takes of [1, 5_000]) {
      const door = aDoor({ level, slowMs, takes })
      await door.ask('/api/patients/search')
      lines.push(...door.lines)
    }
    expect(lines.map((line) => JSON.parse(line).msg)).toEqual(expected)
  },
)

test('a service is told the trace of the caller with a parent of ours, and a malformed one is replaced', async () => {
  const door = aDoor()
  const trace = '4bf92f3577b34da6a3ce929d0e0e4736'
  const asked = (traceparent: string) =>
    door.ask('/api/patients/search', { headers: { finance: 'k', traceparent, tracestate: 'vendor=Jane' } })
  await asked(`00-${trace}-00f067aa0ba902b7-01`)
  await asked('Jane Doe')
  const [kept, replaced] = door.sent.map((headers) => headers.get('traceparent')!)
  expect(kept).toMatch(new RegExp(`^00-${trace}-(?!00f067aa0ba902b7)[0-9a-f]{16}-01$`))
  expect(replaced).toMatch(/^00-[0-9a-f]{32}-[0-9a-f]{16}-00$/)
  expect(door.lines.map((line) => JSON.parse(line).traceId)).toEqual([trace, replaced!.split('-')[1]])
  expect(door.sent.some((headers) => headers.has('tracestate'))).toBe(false)
})

test('a request is called by a name of ours, whatever the caller calls it', async () => {
  const door = aDoor()
  const answer = await door.ask('/api/patients/search', { headers: { finance: 'k', 'x-request-id': 'Jane-Doe' } })
  const { requestId } = JSON.parse(door.lines[0]!)
  expect(requestId).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-4/)
  expect([answer.headers.get('x-request-id'), door.sent[0]!.get('x-request-id')]).toEqual([requestId, requestId])
})

test('a method that nobody knows has no name of its own', async () => {
  const door = aDoor()
  await door.ask('/api/patients/search', { method: 'PROPFIND', headers: { finance: 'k' } })
  expect(JSON.parse(door.lines[0]!).method).toBe('other')
})
