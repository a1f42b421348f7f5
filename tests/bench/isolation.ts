/**
 * What callers of the other services notice when one is stopped, killed or hangs: `bun tests/bench/isolation.ts`, or one case of it,
 * `bun tests/bench/isolation.ts patients hung`. Every service in a process of its own, on a libSQL server. What they see meanwhile is
 * held against what they saw before and afterwards, and these two against each other, which says what this machine makes of one and the
 * same thing. Wants wrk and an otherwise idle machine.
 */
import { aHospital, aSession } from '../support/hospital'
import { startServer } from '../support/server'
import { type ServiceName, type ServiceProcess, serviceNames, startServices } from '../support/services'
import { type Load, type Measured, measure, median } from './wrk'

const ROUNDS = 5
/**
 * As many as leave the machine room: what is looked at is how long answers take, not how many there are. For some of the times at which
 * the server brings its log to its file, so that each measurement has as many of them.
 */
const beside = { connections: 8, pauseMs: 20, seconds: 4 }
/** Until a service that is back is asked as before. */
const BACK_MS = 2000

const seed = aHospital({ sessions: Array.from({ length: 100 }, () => aSession({ capacity: 0 })), patients: 100 })
await using services = await startServices({ seed, environment: { LOG_LEVEL: 'warn' } })
await using gateway = await startServer({ quiet: true, environment: services.environment })
const { body } = await gateway.call('POST', '/api/channel/bookings', { sessionInstanceId: 5, patientId: 5 })
const headers = { Finance: gateway.key }

/** What is asked of the services, by the operation. */
const loads: Record<string, Load & { of: ServiceName }> = {
  'read a session': { of: 'catalogue', url: `${gateway.url}/api/channel/sessions/5`, headers, ...beside },
  'read a booking': {
    of: 'bookings',
    url: `${gateway.url}/api/channel/bookings/${body.data.id}`,
    headers,
    ...beside,
  },
  book: {
    of: 'bookings',
    url: `${gateway.url}/api/channel/bookings`,
    headers,
    luaBody: `'{"sessionInstanceId":' .. math.random(1, 100) .. ',"patientId":5}'`,
    ...beside,
  },
  'read a patient': { of: 'patients', url: `${gateway.url}/api/patients/5`, headers, ...beside },
  'ask for a ticket': {
    of: 'notifications',
    url: `${gateway.url}/api/notifications/tickets`,
    headers,
    luaBody: `'{}'`,
    ...beside,
  },
}

const measureAll = (names: string[]): Promise<Measured[]> => Promise.all(names.map((name) => measure(loads[name]!)))

/** What befalls a service, and how it comes back. */
const acts: Record<string, { begin(process: ServiceProcess): unknown; end(process: ServiceProcess): unknown }> = {
  stopped: { begin: (process) => process.stop(), end: (process) => process.start() },
  killed: { begin: (process) => process.kill(), end: (process) => process.start() },
  hung: { begin: (process) => process.hang(), end: (process) => process.resume() },
}

const [onlyService, onlyAct] = process.argv.slice(2)

for (const down of serviceNames.filter((name) => name === (onlyService ?? name))) {
  const others = Object.keys(loads).filter((name) => loads[name]!.of !== down)
  const process = services.processes[down][0]!
  for (const [act, { begin, end }] of Object.entries(acts).filter(([name]) => name === (onlyAct ?? name))) {
    const meanwhile = others.map(() => [] as number[])
    const noise = others.map(() => [] as number[])
    let refused = 0
    for (let round = 0; round < ROUNDS; round++) {
      const before = await measureAll(others)
      await begin(process)
      const during = await measureAll(others)
      await end(process)
      await Bun.sleep(BACK_MS)
      const after = await measureAll(others)
      during.forEach((seen, index) => {
        const [one, other] = [before[index]!.p99Ms, after[index]!.p99Ms]
        meanwhile[index]!.push(seen.p99Ms / Math.sqrt(one * other))
        noise[index]!.push(Math.max(one, other) / Math.min(one, other))
        refused += seen.refused + seen.lost
      })
    }
    const told = others.map((name, index) => {
      const [ratio, ofTwo] = [median(meanwhile[index]!), median(noise[index]!)]
      return `${name} ${ratio.toFixed(2)} (${ofTwo.toFixed(2)})`
    })
    console.log(
      `${down} ${act}: p99 beside before and afterwards (of these two): ${told.join(', ')}; ${refused} refused`,
    )
  }
}
