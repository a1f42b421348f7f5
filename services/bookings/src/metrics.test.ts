import { expect, test } from 'bun:test'
import { Registry } from 'prom-client'
import { createEngineMetrics } from './metrics'

test('groups of bookings are told by size, and by how long they took to save', async () => {
  const registry = new Registry()
  const metrics = createEngineMetrics(registry)
  metrics.watchWaiting(() => 7)
  metrics.groupSaved({ size: 200, commitMs: 3 })
  const lines = (await registry.metrics()).split('\n')
  expect(lines).toContain('channelling_bookings_group_size_bucket{le="128"} 0')
  expect(lines).toContain('channelling_bookings_group_size_bucket{le="256"} 1')
  expect(lines).toContain('channelling_bookings_commit_duration_seconds_sum 0.003')
  expect(lines).toContain('channelling_bookings_waiting 7')
})
