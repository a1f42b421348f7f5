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
/** More than may wait for their turn: the others are sent away, and ask again at once. */
const CROWD = 10_000

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
const crowd = await measure({ ...load, connections: CROWD, seconds: 30 })
const after = await measure({ ...load, connections: BUSY, seconds: 15 })
console.log(told(`${BUSY} callers`, before))
for (const [count, seen] of [
  [BUSY * OVERLOAD, over],
  [CROWD, crowd],
] as const) {
  console.log(told(`${count} callers`, seen, before), ` longest ${(seen.longestMs / 1000).toFixed(1)} s`)
}
console.log(told(`${BUSY} callers again`, after, before))
