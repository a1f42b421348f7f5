/**
 * What callers of the other services notice when one is killed or hangs: `bun tests/bench/isolation.ts`. Every service in a process of its own,
 * on a libSQL server. Wants wrk and an otherwise idle machine.
 */
import { aHospital, aSession } from '../support/hospital'
import { startServer } from '../support/server'
import { type ServiceName, serviceNames, startServices } from '../support/services'
import { type Load, type Measured, measure, median } from './wrk'

const ROUNDS = 3
/** As many as leave the machine room: what is looked at is how long answers take, not how many there are. */
const beside = { connections: 8, pauseMs: 20, seconds: 4 }

const seed = aHospital({ sessions: Array.from({ length: 100 }, () => aSession({ capacity: 0 })), patients: 100 })
await using services = await startServices({ seed, environment: { LOG_LEVEL: 'warn' } })
await using gateway = await startServer({ quiet: true, environment: services.environment })
const { body } = await gateway.call('POST', '/api/channel/bookings', { sessionInstanceId: 5, patientId: 5 })
const headers = { Finance: gateway.key }

const loads: Record<ServiceName, Load> = {
  catalogue: { url: `${gateway.url}/api/channel/sessions/5`, headers, ...beside },
  bookings: { url: `${gateway.url}/api/channel/bookings/${body.data.id}`, headers, ...beside },
  patients: { url: `${gateway.url}/api/patients/5`, headers, ...beside },
  notifications: { url: `${gateway.url}/api/notifications/tickets`, headers, luaBody: `'{}'`, ...beside },
}

const all = async (names: readonly ServiceName[]): Promise<Map<ServiceName, Measured>> =>
  new Map(await Promise.all(names.map(async (name) => [name, await measure(loads[name])] as const)))

for (const down of serviceNames) {
  const others = serviceNames.filter((name) => name !== down)
  const process = services.processes[down][0]!
  const ratios: number[] = []
  let refused = 0
  for (let round = 0; round < ROUNDS; round++) {
    const before = await all(others)
    process.hang()
    const during = await all(others)
    process.resume()
    for (const name of others) {
      ratios.push(during.get(name)!.p99Ms / before.get(name)!.p99Ms)
      refused += during.get(name)!.refused
    }
    await Bun.sleep(2000)
  }
  console.log(`${down} hangs: the others' p99 beside before ${median(ratios).toFixed(2)}, ${refused} refused`)
}
