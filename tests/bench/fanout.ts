/**
 * Events to many sockets: ours, where each is a booking that is committed first, beside a bare `Bun.serve` that publishes, and nchan in
 * Debian's nginx. In turn, from one process of subscribers: idle sockets for their memory, a steady rate, and as fast as everybody follows.
 * `bun tests/bench/fanout.ts [subscribers] [seconds] [idle sockets]` (1000 10 5000) wants nginx, libnginx-mod-nchan and an otherwise idle machine.
 */
import { readFileSync } from 'node:fs'
import { aHospital, aSession } from '../support/hospital'
import { startServer } from '../support/server'
import { type Audience, type AudienceGiven, gather } from './audience'
import { startNchan } from './nginx'
import { type Measured, middle, told } from './wrk'

const [SUBSCRIBERS = 1000, SECONDS = 10, IDLE = 5000] = process.argv.slice(2).map(Number)
const PER_SECOND = 200
const ROUNDS = 3
/** Events that may be on their way where as many as possible are sent. */
const AHEAD_MAX = 100
/** How long the last ones may take. */
const TAIL_MS = 5000
const SESSIONS = 100

/** Something that fans out, in a process of its own. */
interface Fan {
  pid: number
  subscribe: Omit<AudienceGiven, 'count'>
  /** Sends one event, and says by what `bookingId` it goes. */
  publish(): Promise<number>
}

async function post(url: string, body: string, headers: Record<string, string> = {}): Promise<Response> {
  const response = await fetch(url, { method: 'POST', body, headers })
  if (!response.ok) throw new Error(`It was answered with ${response.status}`)
  return response
}

/** Publishes events as long as those of ours. */
const publisher = (url: string) => {
  let last = 0
  return async () => {
    const bookingId = ++last
    const event = { seq: last, type: 'booking.completed', sessionId: 12, consultantId: 3, bookingId }
    const more = { at: '2026-05-18 09:30:00', toStatus: 'ACTIVE', number: last, actor: 'patient' }
    await (await post(url, JSON.stringify({ ...event, ...more }))).arrayBuffer()
    return bookingId
  }
}

await using server = await startServer({
  quiet: true,
  seed: aHospital({ sessions: Array.from({ length: SESSIONS }, () => aSession({ capacity: 0 })) }),
  environment: { SOCKETS_PER_KEY: '0', SOCKETS_PER_ADDRESS: '0' },
})
const bare = Bun.spawn([process.execPath, `${import.meta.dir}/bare-publish.ts`], { stdout: 'pipe' })
const { value } = await bare.stdout.getReader().read()
const bareUrl = `127.0.0.1:${Number(new TextDecoder().decode(value))}`
const nchan = await startNchan()
let turn = 0

const fans = {
  ours: {
    pid: server.pid,
    subscribe: {
      url: `${server.url.replace('http', 'ws')}/ws/notify`,
      greets: true,
      options: { headers: { Finance: server.key }, protocols: ['channelling.v1+json'] },
    },
    async publish() {
      const body = JSON.stringify({ sessionInstanceId: 1 + (turn++ % SESSIONS), patientId: 1 })
      const headers = { Finance: server.key, 'content-type': 'application/json' }
      const booked = await post(`${server.url}/api/channel/bookings`, body, headers)
      return ((await booked.json()) as { data: { id: number } }).data.id
    },
  },
  bare: { pid: bare.pid, subscribe: { url: `ws://${bareUrl}` }, publish: publisher(`http://${bareUrl}`) },
  nchan: {
    pid: nchan.pid,
    subscribe: { url: `${nchan.url.replace('http', 'ws')}/subscribe` },
    publish: publisher(`${nchan.url}/publish`),
  },
} satisfies Record<string, Fan>
type Name = keyof typeof fans
const names: readonly Name[] = ['ours', 'bare', 'nchan']

/** Latency is from the moment the event is asked for until a socket has it; for ours that includes the commit. */
async function measured(audience: Audience, send: (publish: () => void) => Promise<void>, fan: Fan): Promise<Measured> {
  const askedAt = new Map<number, number>()
  const answers: Promise<void>[] = []
  const before = audience.frames()
  const began = performance.now()
  await send(() => {
    const at = performance.now()
    answers.push(fan.publish().then((id) => void askedAt.set(id, at)))
  })
  await Promise.all(answers)
  const wanted = before + answers.length * SUBSCRIBERS
  const deadline = performance.now() + TAIL_MS
  while (audience.frames() < wanted && performance.now() < deadline) await Bun.sleep(1)
  const tookMs = performance.now() - began
  const lags = Float64Array.from(
    [...askedAt].flatMap(([id, at]) => (audience.arrivals.get(id) ?? []).map((seen) => seen - at)),
  )
  lags.sort()
  audience.arrivals.clear()
  return {
    perSecond: ((audience.frames() - before) / tookMs) * 1000,
    p99Ms: lags[Math.floor(lags.length * 0.99)] ?? Number.NaN,
    longestMs: lags.at(-1) ?? Number.NaN,
    refused: 0,
    lost: wanted - audience.frames(),
  }
}

async function steadily(publish: () => void): Promise<void> {
  const began = performance.now()
  for (let count = 0; count < PER_SECOND * SECONDS; count++) {
    publish()
    const early = ((count + 1) / PER_SECOND) * 1000 - (performance.now() - began)
    if (early > 0) await Bun.sleep(early)
  }
}

/** As many as everybody has read, and a few more on their way. */
const asFastAsRead = (audience: Audience) => async (publish: () => void) => {
  const before = audience.frames()
  const end = performance.now() + SECONDS * 1000
  for (let count = 0; performance.now() < end; ) {
    if (count - (audience.frames() - before) / SUBSCRIBERS < AHEAD_MAX) {
      publish()
      count++
    } else await new Promise(setImmediate)
    if (count % 10 === 0) await new Promise(setImmediate)
  }
}

async function inTurn(send: (audience: Audience) => (publish: () => void) => Promise<void>) {
  const seen: Record<Name, Measured[]> = { ours: [], bare: [], nchan: [] }
  for (let round = 0; round < ROUNDS; round++) {
    for (const name of names) {
      const audience = await gather({ ...fans[name].subscribe, count: SUBSCRIBERS })
      seen[name].push(await measured(audience, send(audience), fans[name]))
      audience.close()
      await Bun.sleep(500)
    }
  }
  return { ours: middle(seen.ours), bare: middle(seen.bare), nchan: middle(seen.nchan) }
}

const tell = (what: string, results: Record<Name, Measured>) => {
  for (const name of names) console.log(told(`${what}: ${name}, frames`, results[name], results.bare))
  const { ours, bare, nchan } = results
  console.log(
    `${what}: p99 of ours is ${(ours.p99Ms / bare.p99Ms).toFixed(2)} of bare, ${(ours.p99Ms / nchan.p99Ms).toFixed(2)} of nchan`,
  )
}

/** Of the process and those that it started. nginx serves from a child. */
const residentKiB = (pid: number): number => {
  const own = Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1])
  const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').split(' ').filter(Boolean)
  return children.reduce((sum, child) => sum + residentKiB(Number(child)), own)
}

try {
  // first, while nothing of a load before is left in memory
  for (const name of names) {
    const before = residentKiB(fans[name].pid)
    const audience = await gather({ ...fans[name].subscribe, count: IDLE })
    await Bun.sleep(2000)
    console.log(`${IDLE} idle sockets: ${name} ${((residentKiB(fans[name].pid) - before) / IDLE).toFixed(1)} KiB each`)
    audience.close()
  }
  tell(`${SUBSCRIBERS} sockets, ${PER_SECOND} events/s`, await inTurn(() => steadily))
  tell(`${SUBSCRIBERS} sockets, as fast as they read`, await inTurn(asFastAsRead))
} finally {
  bare.kill()
  await nchan.stop()
}
process.exit(0)
