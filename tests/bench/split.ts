/**
 * Bookings through one gateway with one, two and four processes of bookings behind it on a libSQL server, beside everything in one
 * process on a file, all in one run: `bun tests/bench/split.ts`. Wants wrk and an otherwise idle machine.
 */
import { aHospital, aSession } from '../support/hospital'
import { startServer } from '../support/server'
import { startServices } from '../support/services'
import { inTurn, type Load, told } from './wrk'

const SESSIONS = 1000
const PATIENTS = 1000
const REPLICAS = [1, 2, 4]
const CONNECTIONS = [64, 256, 512]

const seed = aHospital({
  sessions: Array.from({ length: SESSIONS }, () => aSession({ capacity: 0 })),
  patients: PATIENTS,
})
const environment = { LOG_LEVEL: 'warn' }
const luaBody = `'{"sessionInstanceId":' .. math.random(1, ${SESSIONS}) .. ',"patientId":' .. math.random(1, ${PATIENTS}) .. '}'`
const bookings = ({ url, key }: { url: string; key: string }, connections: number): Load => ({
  url: `${url}/api/channel/bookings`,
  headers: { Finance: key },
  luaBody,
  connections,
})

await using embedded = await startServer({ quiet: true, seed })
const servers: Record<string, { url: string; key: string }> = { 'everything in one process, a file': embedded }
await using running = new AsyncDisposableStack()
for (const replicas of REPLICAS) {
  const services = running.use(await startServices({ seed, environment, replicas: { bookings: replicas } }))
  servers[`${replicas} of bookings on a libSQL server`] = running.use(
    await startServer({ quiet: true, environment: { ...services.environment, ...environment } }),
  )
}

for (const connections of CONNECTIONS) {
  const results = await inTurn(
    Object.fromEntries(Object.entries(servers).map(([name, server]) => [name, bookings(server, connections)])),
  )
  const [beside] = Object.values(results)
  for (const [name, seen] of Object.entries(results)) console.log(told(`${connections}: ${name}`, seen, beside))
}
