import { expect, setDefaultTimeout, test } from 'bun:test'
import { aHospital, aSession } from '../support/hospital'
import { startServer } from '../support/server'
import { startServices } from '../support/services'

setDefaultTimeout(60_000)

test('a service in a process of its own tells what its engine does, and what the process costs, on a port of its own', async () => {
  await using services = await startServices({
    seed: aHospital({ sessions: [aSession({ capacity: 0 })], patients: 1 }),
    environment: { METRICS_PORT: '0' },
  })
  await using server = await startServer({ environment: services.environment })
  for (let each = 0; each < 3; each++) {
    await server.call('POST', '/api/channel/bookings', { sessionInstanceId: 1, patientId: 1 })
  }
  const linesOf = async (output: string) => {
    const address = /"address":"([^"]*)","msg":"listening for metrics"/.exec(output)![1]
    return (await (await fetch(`http://${address}/metrics`)).text()).split('\n')
  }
  const [bookings] = services.processes.bookings
  const lines = await linesOf(bookings!.output())
  expect(lines).toContain('channelling_bookings_group_size_count 3')
  expect(lines).toContain('channelling_bookings_commit_duration_seconds_count 3')
  expect(lines).toContain('channelling_bookings_waiting 0')
  const [notifications] = services.processes.notifications
  expect(await linesOf(notifications!.output())).toContain('channelling_outbox_last_seq 3')
  for (const [one] of Object.values(services.processes)) {
    const told = await linesOf(one!.output())
    expect(told.some((line) => /^process_resident_memory_bytes \d+/.test(line))).toBe(true)
  }
})
