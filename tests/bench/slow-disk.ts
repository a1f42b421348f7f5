/**
 * Bookings on a disk that takes 20 ms to be sure of anything, with session reads and liveness checks beside them:
 * `bun tests/bench/slow-disk.ts`. Wants wrk, strace and an otherwise idle machine.
 */
import { aHospital, aSession } from '../support/hospital'
import { startServer } from '../support/server'
import { measure, told } from './wrk'

const SESSIONS = 1000
const PATIENTS = 1000
const DELAY_US = 20_000

const slowDisk = [
  ...['strace', '-D', '-f', '--seccomp-bpf', '-qq', '-o', '/dev/null'],
  ...['-e', 'trace=fsync,fdatasync', '-e', `inject=fsync,fdatasync:delay_exit=${DELAY_US}`],
]

await using server = await startServer({
  quiet: true,
  seed: aHospital({ sessions: Array.from({ length: SESSIONS }, () => aSession({ capacity: 0 })), patients: PATIENTS }),
  under: slowDisk,
})
const headers = { Finance: server.key }
const luaBody = `'{"sessionInstanceId":' .. math.random(1, ${SESSIONS}) .. ',"patientId":' .. math.random(1, ${PATIENTS}) .. '}'`
// as many as a busy hall of screens and a supervisor ask for, not as many as there can be
const beside = { connections: 8, pauseMs: 10 }

for (let round = 0; round < 3; round++) {
  const [booked, read, live] = await Promise.all([
    measure({ url: `${server.url}/api/channel/bookings`, headers, luaBody }),
    measure({ url: `${server.url}/api/channel/sessions/5`, headers, ...beside }),
    measure({ url: `${server.url}/health/live`, ...beside }),
  ])
  console.log(told('booking, fsync 20 ms slower', booked))
  console.log(told('session detail beside it', read))
  console.log(told('/health/live beside it', live))
}
