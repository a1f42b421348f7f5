/**
 * The same bookings with few and with many stored already, in turn: `bun tests/bench/growth.ts [stored …]`, by default 10 000 and
 * 1 000 000. Wants wrk and an otherwise idle machine.
 */
import { readFileSync } from 'node:fs'
import type { Database } from '@channelling/schema'
import { aHospital, aSession } from '../support/hospital'
import { type Server, startServer } from '../support/server'
import { inTurn, type Load, told } from './wrk'

const SESSIONS = 1000
const PATIENTS = 10_000
const sizes = process.argv.slice(2).map(Number)
if (sizes.length === 0) sizes.push(10_000, 1_000_000)

/** A hospital with this many bookings of the past, each with its event. */
const stored = (bookings: number) => async (database: Database) => {
  await aHospital({
    sessions: Array.from({ length: SESSIONS }, () => aSession({ capacity: 0 })),
    patients: PATIENTS,
  })(database)
  const each = Math.ceil(bookings / SESSIONS)
  const numbers = 'WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ?)'
  await database.write([
    { sql: "INSERT INTO client (id, name, access, created_at) VALUES (1, 'A portal', 'all', 0)", args: [] },
    {
      sql: `${numbers} INSERT INTO booking (id, session_id, number, status, patient_id, client_id, payment_method, paid,
          foreigner, doctor_fee, hospital_fee, currency, created_at)
        SELECT (n.i - 1) * ${SESSIONS} + s.id, s.id, n.i, 'ACTIVE', 1 + (n.i * 7919 + s.id) % ${PATIENTS}, 1, 'OnCall', 0, 0,
          200000, 50000, 'LKR', 0 FROM n JOIN session s`,
      args: [each],
    },
    {
      sql: `INSERT INTO event (type, session_id, booking_id, client_id, payload, at)
        SELECT 'booking.completed', session_id, id, 1, '{"toStatus":"ACTIVE"}', 0 FROM booking ORDER BY id`,
      args: [],
    },
    { sql: 'UPDATE seat SET taken = ?, next_number = ? + 1', args: [each, each] },
    { sql: 'UPDATE booking_sequence SET next = ? + 1', args: [each * SESSIONS] },
  ])
}

const peakMiB = (pid: number) => Number(/VmHWM:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]) / 1024

const servers: Server[] = []
try {
  for (const size of sizes) servers.push(await startServer({ quiet: true, seed: stored(size) }))
  const loads: Record<string, Load> = {}
  servers.forEach((server, index) => {
    const headers = { Finance: server.key }
    const body = `'{"sessionInstanceId":' .. math.random(1, ${SESSIONS}) .. ',"patientId":' .. math.random(1, ${PATIENTS}) .. '}'`
    loads[`book ${sizes[index]}`] = { url: `${server.url}/api/channel/bookings`, headers, luaBody: body }
    const hot = `'{"sessionInstanceId":7,"patientId":' .. math.random(1, ${PATIENTS}) .. '}'`
    loads[`book-one-session ${sizes[index]}`] = { url: `${server.url}/api/channel/bookings`, headers, luaBody: hot }
    loads[`session ${sizes[index]}`] = { url: `${server.url}/api/channel/sessions/5`, headers }
    loads[`patient ${sizes[index]}`] = { url: `${server.url}/api/channel/bookings/patient/77`, headers }
  })
  const results = await inTurn(loads)
  for (const [name, result] of Object.entries(results)) {
    const first = results[`${name.split(' ')[0]} ${sizes[0]}`]!
    console.log(told(`${name} stored`, result, first))
  }
  servers.forEach((server, index) => {
    console.log(`most memory held with ${sizes[index]} stored`.padEnd(44), `${Math.round(peakMiB(server.pid))} MiB`)
  })
} finally {
  for (const server of servers) await server[Symbol.asyncDispose]()
}
