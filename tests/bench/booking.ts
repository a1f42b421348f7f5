/**
 * Bookings and session reads through the gateway, key check, validation, engine and disk, beside servers and loops that do only a
 * part of it, all in one run: `bun tests/bench/booking.ts`. Wants wrk and an otherwise idle machine.
 */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { open } from '@channelling/schema'
import { aHospital, aSession } from '../support/hospital'
import { startServer } from '../support/server'
import { inTurn, measure, median, told } from './wrk'

const SESSIONS = 1000
const PATIENTS = 1000
const CONNECTIONS = 64
const ROUNDS = 3

const seed = aHospital({
  sessions: Array.from({ length: SESSIONS }, () => aSession({ capacity: 0 })),
  patients: PATIENTS,
})

/** A bare `Bun.serve` in a process of its own. */
async function bare(body: unknown) {
  const child = Bun.spawn([process.execPath, `${import.meta.dir}/bare.ts`], {
    env: { PATH: process.env.PATH, BODY: JSON.stringify(body) },
    stdout: 'pipe',
  })
  const { value } = await child.stdout.getReader().read()
  return { url: `http://127.0.0.1:${Number(new TextDecoder().decode(value))}`, stop: () => child.kill() }
}

/** Bookings a second of SQLite alone, one commit each. */
async function oneByOne(): Promise<number> {
  const folder = mkdtempSync(join(tmpdir(), 'one-by-one-'))
  const path = join(folder, 'channelling.db')
  const database = await open({ url: `file:${path}` })
  await seed(database)
  await database.write([
    { sql: "INSERT INTO client (id, name, access, created_at) VALUES (1, 'A portal', 'all', 0)", args: [] },
  ])
  await database.close()
  const rates: number[] = []
  for (let round = 0; round < ROUNDS; round++) {
    const child = Bun.spawn(
      [process.execPath, `${import.meta.dir}/one-by-one.ts`, path, String(SESSIONS), String(PATIENTS)],
      { stdout: 'pipe', stderr: 'inherit' },
    )
    rates.push(Number(await new Response(child.stdout).text()))
  }
  rmSync(folder, { recursive: true })
  return median(rates)
}

/** The most memory a process has held so far, in MiB. */
const peakMiB = (pid: number) => Number(/VmHWM:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]) / 1024

const alone = await oneByOne()
await using server = await startServer({ quiet: true, seed })
const { body: session } = await server.call('GET', '/api/channel/sessions/5')
const { body: booking } = await server.call('POST', '/api/channel/bookings', { sessionInstanceId: 5, patientId: 5 })
const bareRead = await bare(session)
const bareWrite = await bare(booking)
const headers = { Finance: server.key }
const asked = (sessions: string) =>
  `'{"sessionInstanceId":' .. ${sessions} .. ',"patientId":' .. math.random(1, ${PATIENTS}) .. '}'`
const distinct = asked(`math.random(1, ${SESSIONS})`)
const bookings = `${server.url}/api/channel/bookings`

try {
  const results = await inTurn(
    {
      bareRead: { url: `${bareRead.url}/api/channel/sessions/5`, headers },
      read: { url: `${server.url}/api/channel/sessions/5`, headers },
      bareWrite: { url: `${bareWrite.url}/api/channel/bookings`, headers, luaBody: distinct },
      book: { url: bookings, headers, luaBody: distinct },
      bookOneSession: { url: bookings, headers, luaBody: asked('7') },
    },
    ROUNDS,
  )
  const pauseMs = (2 * 1000 * CONNECTIONS) / results.book.perSecond - CONNECTIONS / (results.book.perSecond / 1000) / 2
  const half = await measure({ url: bookings, headers, luaBody: distinct, pauseMs })
  console.log(told('session detail, bare Bun.serve', results.bareRead))
  console.log(told('session detail, through the gateway', results.read, results.bareRead))
  console.log(told('booking, bare Bun.serve parse and echo', results.bareWrite))
  console.log(told('booking, distinct sessions', results.book, results.bareWrite))
  console.log(told('booking, one session', results.bookOneSession, results.book))
  console.log(told('booking, at about half the load', half, results.book))
  const ratio = (results.book.perSecond / alone).toFixed(2)
  console.log(`booking, bun:sqlite one by one`.padEnd(44), `${Math.round(alone)}/s  ours beside it ${ratio}`)
  console.log('most memory held'.padEnd(44), `${Math.round(peakMiB(server.pid))} MiB`)
} finally {
  bareRead.stop()
  bareWrite.stop()
}
