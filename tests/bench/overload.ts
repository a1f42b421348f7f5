/**
 * Bookings asked for by many times as many callers as the server is busy with: what it still gets done, and how long callers wait.
 * `bun tests/bench/overload.ts` wants wrk and an otherwise idle machine.
 */
import { aHospital, aSession } from '../support/hospital'
import { startServer } from '../support/server'
import { measure, told } from './wrk'

const SESSIONS = 1000
const PATIENTS = 1000
/** As many as the server does best with. */
const BUSY = 256
const OVERLOAD = 5

await using server = await startServer({
  quiet: true,
  seed: aHospital({ sessions: Array.from({ length: SESSIONS }, () => aSession({ capacity: 0 })), patients: PATIENTS }),
})
const load = {
  url: `${server.url}/api/channel/bookings`,
  headers: { Finance: server.key },
  luaBody: `'{"sessionInstanceId":' .. math.random(1, ${SESSIONS}) .. ',"patientId":' .. math.random(1, ${PATIENTS}) .. '}'`,
}

await measure({ ...load, connections: BUSY })
const before = await measure({ ...load, connections: BUSY, seconds: 15 })
const over = await measure({ ...load, connections: BUSY * OVERLOAD, seconds: 30 })
const after = await measure({ ...load, connections: BUSY, seconds: 15 })
console.log(told(`${BUSY} callers`, before))
console.log(told(`${BUSY * OVERLOAD} callers`, over, before))
console.log(told(`${BUSY} callers again`, after, before))
