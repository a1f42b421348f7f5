import { afterAll, beforeAll, expect, setDefaultTimeout, test } from 'bun:test'
import { aHospital, aSession } from '../support/hospital'
import type { Reply } from '../support/reply'
import { type Server, startServer } from '../support/server'
import { type ServiceName, type ServiceProcess, type Services, serviceNames, startServices } from '../support/services'

/** Bookings that a gateway has under way at a time. */
const AT_ONCE = 256

setDefaultTimeout(60_000)

/** From when a service hangs until those who ask it are told so at once: two probes missed, of a second each. */
const FOUND_MS_MAX = 4_000
const RECOVERY_MS_MAX = 2_000
/** What a balancer, and whoever has no key, waits from the first moment on. */
const STATED_MS_MAX = 1_500
/** How long the others are asked on while one is known to be down. */
const DOWN_MS = 1_000

let services: Services
let server: Server
beforeAll(async () => {
  services = await startServices({ seed: aHospital({ sessions: [aSession({ capacity: 0 })], patients: 5 }) })
  server = await startServer({ environment: services.environment })
})
afterAll(async () => {
  await server?.[Symbol.asyncDispose]()
  await services?.[Symbol.asyncDispose]()
})

interface Operation {
  /** Whose it is; the gateway's own stand on no service. */
  of: ServiceName | 'gateway'
  ask: () => Promise<Reply>
}

const book = { sessionInstanceId: 1, patientId: 1 }
const get = (path: string) => () => server.call('GET', path)

const operations: Operation[] = [
  { of: 'catalogue', ask: get('/api/channel/sessions/1') },
  { of: 'catalogue', ask: get('/api/channel/consultants') },
  { of: 'bookings', ask: () => server.call('POST', '/api/channel/bookings', book) },
  { of: 'bookings', ask: get('/api/channel/bookings/patient/1') },
  { of: 'patients', ask: get('/api/patients/search?name=patient') },
  { of: 'patients', ask: get('/api/patients/1') },
  { of: 'notifications', ask: () => server.call('POST', '/api/notifications/tickets') },
  { of: 'gateway', ask: get('/api/admin/clients') },
  { of: 'gateway', ask: get('/api/capabilities') },
]

/** Asks everything but one service, over and over, until it is told to end; says what went wrong. */
function askTheOthers(down: ServiceName) {
  let going = true
  let answered = 0
  const faults: string[] = []
  const asking = operations
    .filter(({ of }) => of !== down)
    .map(async ({ of, ask }) => {
      while (going) {
        const { status, text } = await ask()
        answered++
        if (status >= 300) faults.push(`${of} ${status} ${text}`)
        await Bun.sleep(5)
      }
    })
  return {
    async end() {
      going = false
      await Promise.all(asking)
      return { faults, answered }
    },
  }
}

const ofService = (name: ServiceName) => operations.filter(({ of }) => of === name)

const ways: { way: string; down(one: ServiceProcess): unknown; up(one: ServiceProcess): unknown }[] = [
  { way: 'stopped', down: (one) => one.stop(), up: (one) => one.start() },
  { way: 'killed', down: (one) => one.kill(), up: (one) => one.start() },
  { way: 'hung', down: (one) => one.hang(), up: (one) => one.resume() },
]

const cases = serviceNames.flatMap((name) => ways.map(({ way, down, up }) => ({ name, way, down, up })))

test.each(cases)(
  'with $name $way the others answer as ever, it is told to be down at once, and is back soon',
  async ({ name, down, up }) => {
    const process = services.processes[name][0]!
    const others = askTheOthers(name)
    const own = ofService(name)
    await down(process)

    const wentDown = performance.now()
    const stated = Promise.all(
      ['/api/capabilities', '/health/ready'].map(async (path) => {
        const { status } = await server.call('GET', path, undefined, { key: null })
        return { path, status, inTime: performance.now() - wentDown < STATED_MS_MAX }
      }),
    )
    const first = await own[0]!.ask()
    expect(first).toMatchObject({ status: 503, body: { reason: 'service_unavailable' } })
    expect(Number(first.headers.get('retry-after'))).toBeGreaterThan(0)
    expect(performance.now() - wentDown).toBeLessThan(FOUND_MS_MAX)
    expect(await stated).toEqual([
      { path: '/api/capabilities', status: 200, inTime: true },
      { path: '/health/ready', status: 200, inTime: true },
    ])

    const known = performance.now()
    while (performance.now() - known < DOWN_MS) {
      for (const { ask } of own) {
        const began = performance.now()
        expect((await ask()).body.reason).toBe('service_unavailable')
        // far from any deadline; the machine may be busy with other tests
        expect(performance.now() - began).toBeLessThan(500)
      }
      await Bun.sleep(20)
    }
    const capabilities = await server.call('GET', '/api/capabilities')
    const statuses = new Map(
      capabilities.body.data.resources.map(({ path, status }: { path: string; status: string }) => [path, status]),
    )
    const paths = { catalogue: 'sessions', bookings: 'bookings' } as Record<string, string>
    if (paths[name]) expect(statuses.get(`/api/channel/${paths[name]}`)).toBe('unavailable')

    await up(process)
    const cameUp = performance.now()
    for (const { ask } of own) while ((await ask()).status >= 300) await Bun.sleep(10)
    expect(performance.now() - cameUp).toBeLessThan(RECOVERY_MS_MAX)

    const { faults, answered } = await others.end()
    expect(faults).toEqual([])
    expect(answered).toBeGreaterThan(50)
  },
)

test('what was asked of a service while it hung is not done once it goes on: its callers were told that it is down', async () => {
  const [bookings] = services.processes.bookings
  const count = async () => (await server.call('GET', '/api/channel/bookings/patient/2')).body.page.total
  expect(await count()).toBe(0)
  bookings!.hang()
  // what is under way when it is found to hang may have been read; what waits behind it in the gateway is not sent any more
  const told = await Promise.all(
    Array.from({ length: 2 * AT_ONCE }, () => server.call('POST', '/api/channel/bookings', { ...book, patientId: 2 })),
  )
  expect(new Set(told.map(({ status }) => status))).toEqual(new Set([503]))
  bookings!.resume()
  while ((await server.call('GET', '/api/channel/bookings/patient/2')).status !== 200) await Bun.sleep(10)
  await Bun.sleep(500)
  expect(await count()).toBeLessThanOrEqual(AT_ONCE)
})
