/** Bookings and session reads through the gateway, beside a bare `Bun.serve` that handles the same JSON. Run: `bun tests/bench/through-gateway.ts` */
import { aHospital, aSession } from '../support/hospital'
import { startServer } from '../support/server'
import { inTurn, told } from './wrk'

const SESSIONS = 1000
const PATIENTS = 1000

await using server = await startServer({
  seed: aHospital({ sessions: Array.from({ length: SESSIONS }, () => aSession({ capacity: 0 })), patients: PATIENTS }),
})

async function bare(body: unknown) {
  const child = Bun.spawn([process.execPath, `${import.meta.dir}/bare.ts`], {
    env: { PATH: process.env.PATH, BODY: JSON.stringify(body) },
    stdout: 'pipe',
  })
  const { value } = await child.stdout.getReader().read()
  return { url: `http://127.0.0.1:${Number(new TextDecoder().decode(value))}`, stop: () => child.kill() }
}

const { body: session } = await server.call('GET', '/api/channel/sessions/5')
const { body: booking } = await server.call('POST', '/api/channel/bookings', { sessionInstanceId: 5, patientId: 5 })
const bareRead = await bare(session)
const bareWrite = await bare(booking)
const headers = { Finance: server.key }
const asked = (sessions: string) =>
  `'{"sessionInstanceId":' .. ${sessions} .. ',"patientId":' .. math.random(1, ${PATIENTS}) .. '}'`
const distinct = asked(`math.random(1, ${SESSIONS})`)

try {
  const results = await inTurn({
    bareRead: { url: `${bareRead.url}/api/channel/sessions/5`, headers },
    read: { url: `${server.url}/api/channel/sessions/5`, headers },
    bareWrite: { url: `${bareWrite.url}/api/channel/bookings`, headers, luaBody: distinct },
    book: { url: `${server.url}/api/channel/bookings`, headers, luaBody: distinct },
    bookOneSession: { url: `${server.url}/api/channel/bookings`, headers, luaBody: asked('7') },
  })
  console.log(told('session detail, bare Bun.serve', results.bareRead))
  console.log(told('session detail, through the gateway', results.read, results.bareRead))
  console.log(told('booking, bare Bun.serve parse and echo', results.bareWrite))
  console.log(told('booking, distinct sessions', results.book, results.bareWrite))
  console.log(told('booking, one session', results.bookOneSession, results.bareWrite))
} finally {
  bareRead.stop()
  bareWrite.stop()
}
