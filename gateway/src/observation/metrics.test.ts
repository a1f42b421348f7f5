import { expect, test } from 'bun:test'
import { createMetrics, reasonNamed } from './metrics'
import { watchSources } from './sources'

/** The samples of the exposition, by name and labels. */
async function samplesOf({ registry }: ReturnType<typeof createMetrics>): Promise<Map<string, number>> {
  const lines = (await registry.metrics()).split('\n').filter((line) => line && !line.startsWith('#'))
  return new Map(lines.map((line) => [line.slice(0, line.lastIndexOf(' ')), Number(line.slice(line.lastIndexOf(' ')))]))
}

const labels = { method: 'GET', route: '/api/channel/sessions/{id}', service: 'catalogue' }
const inText = 'method="GET",route="/api/channel/sessions/{id}",service="catalogue"'

test('requests are counted by route and status, however often somebody looks', async () => {
  const metrics = createMetrics()
  const { answered, observe } = metrics.route(labels)
  answered.set(200, 3).set(404, 1)
  for (const seconds of [0.0004, 0.002, 0.002, 20]) observe(seconds)
  for (const _look of [1, 2]) {
    const samples = await samplesOf(metrics)
    expect(samples.get(`channelling_http_requests_total{${inText},status="200"}`)).toBe(3)
    expect(samples.get(`channelling_http_requests_total{${inText},status="404"}`)).toBe(1)
    expect(samples.get(`channelling_http_request_duration_seconds_bucket{le="0.0005",${inText}}`)).toBe(1)
    expect(samples.get(`channelling_http_request_duration_seconds_bucket{le="0.0025",${inText}}`)).toBe(3)
    expect(samples.get(`channelling_http_request_duration_seconds_bucket{le="+Inf",${inText}}`)).toBe(4)
    expect(samples.get(`channelling_http_request_duration_seconds_count{${inText}}`)).toBe(4)
    expect(samples.get(`channelling_http_request_duration_seconds_sum{${inText}}`)).toBeCloseTo(20.0044)
  }
})

test('a route that is learned anew goes on counting where it was', async () => {
  const metrics = createMetrics()
  metrics.route(labels).answered.set(200, 3)
  expect(metrics.route({ ...labels }).answered.get(200)).toBe(3)
})

test('however many keys there are, a thousand are counted one by one and the others together', async () => {
  const metrics = createMetrics()
  for (let keyId = 1; keyId <= 1_500; keyId++) metrics.letIn(keyId)
  metrics.letIn(1)
  const keys = [...(await samplesOf(metrics))].filter(([name]) => name.startsWith('channelling_key_requests_total'))
  expect(keys).toHaveLength(1_001)
  expect(keys).toContainEqual(['channelling_key_requests_total{key="1"}', 2])
  expect(keys).toContainEqual(['channelling_key_requests_total{key="other"}', 500])
})

test('a reason is one of the contract, or none', () => {
  expect(reasonNamed('session_full')).toBe('session_full')
  for (const name of ['Jane Doe', '', 'constructor', null]) expect(reasonNamed(name)).toBeUndefined()
})

test('what cannot be read is NaN, and keeps nothing else from being told', async () => {
  const metrics = createMetrics()
  const sources = watchSources(metrics.registry, {
    socketsOpen: () => {
      throw new Error('down')
    },
    databaseFailed: () => true,
    linesDropped: () => 4,
  })
  const samples = await samplesOf(metrics)
  await sources.close()
  expect(samples.get('channelling_sockets_open')).toBeNaN()
  expect(samples.get('channelling_database_failed')).toBe(1)
  expect(samples.get('channelling_log_lines_dropped_total')).toBe(4)
  expect(samples.get('process_resident_memory_bytes')).toBeGreaterThan(10_000_000)
})
