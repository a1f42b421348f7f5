/**
 * Bookings and session reads a second, and the 99th percentile of how long they take, by how many connections there are; written as a
 * picture to `docs/benchmarks.svg`: `bun tests/bench/connections.ts`. Wants wrk and an otherwise idle machine.
 */
import { aHospital, aSession } from '../support/hospital'
import { startServer } from '../support/server'
import { plot } from './plot'
import { inTurn, type Load, type Measured, told } from './wrk'

const SESSIONS = 1000
const PATIENTS = 1000
const CONNECTIONS = [1, 2, 4, 8, 16, 32, 64, 128, 256]
const SECONDS = 3

await using server = await startServer({
  quiet: true,
  seed: aHospital({
    sessions: Array.from({ length: SESSIONS }, () => aSession({ capacity: 0 })),
    patients: PATIENTS,
  }),
})
const headers = { Finance: server.key }
const booking: Load = {
  url: `${server.url}/api/channel/bookings`,
  headers,
  luaBody: `'{"sessionInstanceId":' .. math.random(1, ${SESSIONS}) .. ',"patientId":' .. math.random(1, ${PATIENTS}) .. '}'`,
  seconds: SECONDS,
}
const reading: Load = { url: `${server.url}/api/channel/sessions/5`, headers, seconds: SECONDS }

const results: Record<'booking' | 'reading', Measured>[] = []
for (const connections of CONNECTIONS) {
  const result = await inTurn({ booking: { ...booking, connections }, reading: { ...reading, connections } })
  console.log(told(`booking, ${connections} connections`, result.booking))
  console.log(told(`session detail, ${connections} connections`, result.reading))
  results.push(result)
}

const curves = (value: (of: Measured) => number) => [
  { name: 'bookings', color: '#b3261e', values: results.map(({ booking }) => value(booking)) },
  { name: 'session details', color: '#1a56a0', values: results.map(({ reading }) => value(reading)) },
]
const picture = plot(CONNECTIONS, [
  { title: 'A second', curves: curves(({ perSecond }) => perSecond) },
  { title: 'p99 in ms', curves: curves(({ p99Ms }) => p99Ms) },
])
await Bun.write(new URL('../../docs/benchmarks.svg', import.meta.url), picture)
