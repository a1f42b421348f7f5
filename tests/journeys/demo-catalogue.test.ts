import { afterAll, beforeAll, expect, setDefaultTimeout, test } from 'bun:test'
import { aHospital } from '../support/hospital'
import { type Server, startServer } from '../support/server'

setDefaultTimeout(60_000)

const demo = { DEMO_DATA: 'on' }
let server: Server
beforeAll(async () => {
  server = await startServer({ environment: demo })
})
afterAll(() => server[Symbol.asyncDispose]())

interface Session {
  id: number
  startsAt: string
  endsAt: string
  bookable: boolean
  capacity: number
  remaining: number | null
  nextNumber: number | null
  fees: { local: { total: number } }
}

/** A list to its last page. */
async function all<Item>(path: string): Promise<Item[]> {
  const items: Item[] = []
  for (let page = 0; ; page++) {
    const { status, body } = await server.call('GET', `${path}${path.includes('?') ? '&' : '?'}size=200&page=${page}`)
    expect(status).toBe(200)
    items.push(...body.data)
    if (items.length >= body.page.total) return items
  }
}

test('a new server with demo data has something to book at once, today and on every day of the coming month', async () => {
  const bookable = await all<Session>('/api/channel/sessions?bookable=true')
  const days = [...new Set(bookable.map(({ startsAt }) => startsAt.slice(0, 10)))]
  expect(days.length).toBeGreaterThanOrEqual(30)
  const gaps = days.slice(1).filter((day, index) => Date.parse(day) - Date.parse(days[index]!) !== 86_400_000)
  expect(gaps).toEqual([])
  // what can be booked now begins, or goes on, within a day
  const created = (await server.call('GET', '/api/admin/clients')).body.data[0].createdAt as string
  const hours =
    (Date.parse(bookable[0]!.startsAt.replace(' ', 'T')) - Date.parse(created.replace(' ', 'T'))) / 3_600_000
  expect(hours).toBeLessThan(24)
})

test('it is a whole small hospital group', async () => {
  expect(await all('/api/channel/hospitals')).toHaveLength(3)
  expect(await all('/api/channel/consultants')).toHaveLength(40)
  const specialities = await all<{ id: number }>('/api/channel/specialities')
  expect(specialities.length).toBeGreaterThan(20)
})

test('it shows what callers have to reckon with: no fee, no limit, reserved numbers', async () => {
  const bookable = await all<Session>('/api/channel/sessions?bookable=true')
  const free = bookable.find(({ fees }) => fees.local.total === 0)
  const unlimited = bookable.find(({ capacity }) => capacity === 0)
  const reserved = bookable.find(({ nextNumber, capacity }) => nextNumber! > 1 && capacity > 0)
  expect(unlimited).toMatchObject({ remaining: null })
  const patient = await server.call('POST', '/api/patients', { name: 'Jane Doe', phone: '0771234567' })
  for (const session of [free!, unlimited!, reserved!]) {
    const asked = { sessionInstanceId: session.id, patientId: patient.body.data.id }
    const { status, body } = await server.call('POST', '/api/channel/bookings', asked)
    expect(status).toBe(201)
    expect(body.data).toMatchObject({ sessionId: session.id, number: session.nextNumber, fee: session.fees.local })
  }
})

test('starting again keeps the demo and what was booked in it, and doubles nothing', async () => {
  const count = async () => ({
    sessions: (await all('/api/channel/sessions')).length,
    consultants: (await all('/api/channel/consultants')).length,
    clients: (await all('/api/admin/clients')).length,
    patients: (await all('/api/patients/search?name=jane')).length,
    bookings: (await all('/api/channel/bookings/patient/1')).length,
  })
  const before = await count()
  expect(before).toMatchObject({ patients: 1, bookings: 3 })
  await server.stop()
  await server.restart()
  expect(await count()).toEqual(before)
})

test('a hospital that has a catalogue of its own is not given the demo', async () => {
  await using own = await startServer({ environment: demo, seed: aHospital() })
  const { data } = (await own.call('GET', '/api/channel/hospitals')).body
  expect(data.map(({ name }: { name: string }) => name)).toEqual(['City Hospital'])
})
