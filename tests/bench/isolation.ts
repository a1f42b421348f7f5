/**
 * What callers of the other services notice when one is stopped, killed or hangs: `bun tests/bench/isolation.ts`. Every service in a process of its own,
 * on a libSQL server. Wants wrk and an otherwise idle machine.
 */
import { aHospital, aSession } from '../support/hospital'
import { startServer } from '../support/server'
import { type ServiceName, type ServiceProcess, serviceNames, startServices } from '../support/services'
import { type Load, type Measured, measure, median } from './wrk'

const ROUNDS = 3
/**
 * As many as leave the machine room: what is looked at is how long answers take, not how many there are. For some of the times at which
 * the server brings its log to its file, so that each measurement has as many of them.
 */
const beside = { connections: 8, pauseMs: 20, seconds: 4 }

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

for (const down of serviceNames) {
  const others = Object.keys(loads).filter((name) => loads[name]!.of !== down)
  const process = services.processes[down][0]!
  for (const [act, { begin, end }] of Object.entries(acts)) {
    const ratios = others.map(() => [] as number[])
    let refused = 0
    for (let round = 0; round < ROUNDS; round++) {
      const before = await measureAll(others)
      await begin(process)
      const during = await measureAll(others)
      await end(process)
      during.forEach((seen, index) => {
        ratios[index]!.push(seen.p99Ms / before[index]!.p99Ms)
        refused += seen.refused + seen.lost
      })
      await Bun.sleep(2000)
    }
    const told = others.map((name, index) => `${name} ${median(ratios[index]!).toFixed(2)}`).join(', ')
    console.log(`${down} ${act}: p99 beside before: ${told}; ${refused} refused`)
  }
}
