/**
 * Bookings through one gateway with one, two and four processes of bookings behind it on a libSQL server, each in turn with everything in
 * one process on a file: `bun tests/bench/split.ts`. Wants wrk and an otherwise idle machine.
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

for (const connections of CONNECTIONS) {
  for (const replicas of REPLICAS) {
    // on new data, and with nothing else started: what is idle looks for work too, and data that has grown takes longer to write
    await using embedded = await startServer({ quiet: true, seed, environment })
    await using services = await startServices({ seed, environment, replicas: { bookings: replicas } })
    await using apart = await startServer({ quiet: true, environment: { ...services.environment, ...environment } })
    const { file, server } = await inTurn({
      file: bookings(embedded, connections),
      server: bookings(apart, connections),
    })
    console.log(told(`${connections}: everything in one process, a file`, file))
    console.log(told(`${connections}: ${replicas} of bookings on a libSQL server`, server, file))
  }
}
