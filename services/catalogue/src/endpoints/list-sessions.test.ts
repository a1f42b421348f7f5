import { afterEach, beforeEach, expect, test } from 'bun:test'
import { sessionById, sessionsPage, sessionsTotal } from '../store/sessions'
import { aDirectory, aSession, type Catalogue, local, someBookings, startCatalogue } from '../testing'

let catalogue: Catalogue
beforeEach(async () => {
  catalogue = await startCatalogue()
  await aDirectory(catalogue.database)
})
afterEach(() => catalogue.close())

const list = async (query = '') => (await catalogue.get(`/api/channel/sessions${query}`)).body
const ids = async (query = '') => (await list(query)).data.map(({ id }: { id: number }) => id)

const at = (startsAt: string, different = {}) =>
  aSession(catalogue.database, { startsAt, endsAt: `${startsAt.slice(0, 10)} 23:59:59`, ...different })

test('without a range, a search shows today from midnight and the next 30 days', async () => {
  await at('2026-05-17 23:59:00')
  const midnight = await at('2026-05-18 00:00:00')
  const last = await at('2026-06-17 23:59:00')
  await at('2026-06-18 00:00:00')
  expect(await ids()).toEqual([midnight, last])
})

test('a fromDate alone means the 30 days after it, a toDate alone what is left from today on', async () => {
  const today = await at('2026-05-18 00:00:00')
  const first = await at('2026-05-20 09:00:00')
  const last = await at('2026-06-19 23:59:00')
  const after = await at('2026-06-20 00:00:00')
  expect(await ids('?fromDate=2026-05-20')).toEqual([first, last])
  expect(await ids('?toDate=2026-06-20')).toEqual([today, first, last, after])
})

test('a plain toDate is the end of that day, a dated one that instant, both inclusive', async () => {
  const noon = await at('2026-05-20 12:00:00')
  const night = await at('2026-05-20 23:59:00')
  await at('2026-05-21 00:00:00')
  expect(await ids('?fromDate=2026-05-20&toDate=2026-05-20')).toEqual([noon, night])
  expect(await ids('?fromDate=2026-05-20%2012:00:00&toDate=2026-05-20%2012:00:00')).toEqual([noon])
  expect(await ids('?fromDate=2026-05-20%2012:00:01&toDate=2026-05-20')).toEqual([night])
})

test('a range that ends before it begins, an impossible date or an unknown parameter is refused', async () => {
  const faulty = {
    '?fromDate=2026-05-20&toDate=2026-05-19': 'query.toDate',
    '?toDate=2026-05-17': 'query.toDate',
    '?fromDate=2026-02-30': 'query.fromDate',
    '?fromDate=tomorrow': 'query.fromDate',
    '?toDate=2026-05-20T10:00:00Z': 'query.toDate',
    '?consultantId=0': 'query.consultantId',
    '?hospitalId=1.5': 'query.hospitalId',
    '?bookable=yes': 'query.bookable',
    '?size=201': 'query.size',
    '?page=-1': 'query.page',
    '?consultant=1': 'query',
  }
  for (const [query, path] of Object.entries(faulty)) {
    const reply = await catalogue.get(`/api/channel/sessions${query}`)
    expect(reply).toMatchObject({
      status: 400,
      body: { reason: 'invalid_request', fields: expect.arrayContaining([expect.objectContaining({ path })]) },
    })
  }
})

test('consultant, speciality and hospital narrow a search, alone and together', async () => {
  const a = await at('2026-05-18 09:00:00', { consultantId: 1, hospitalId: 1 })
  const b = await at('2026-05-18 10:00:00', { consultantId: 1, hospitalId: 2 })
  const c = await at('2026-05-18 11:00:00', { consultantId: 2, hospitalId: 2 })
  expect(await ids('?consultantId=1')).toEqual([a, b])
  expect(await ids('?specialityId=2')).toEqual([c])
  expect(await ids('?hospitalId=2')).toEqual([b, c])
  expect(await ids('?consultantId=1&hospitalId=2')).toEqual([b])
  expect(await ids('?specialityId=1&hospitalId=2&consultantId=2')).toEqual([])
  expect((await list('?specialityId=1')).page.total).toBe(2)
})

test('bookable=true lists exactly the Available, bookable=false exactly the others, with their totals', async () => {
  const moment = local('2026-05-18 07:00:00')
  const full = await at('2026-05-18 09:00:00', { capacity: 1 })
  await someBookings(catalogue.database, full, [1])
  const runOut = await at('2026-05-18 09:10:00', { capacity: 1 })
  await someBookings(catalogue.database, runOut, [1], '2026-05-18 08:00:00')
  const unlimited = await at('2026-05-18 09:20:00', { capacity: 0 })
  await someBookings(catalogue.database, unlimited, [1, 2])
  await at('2026-05-18 09:30:00', { holiday: 1 })
  await at('2026-05-18 09:40:00', { endedAt: moment })
  await at('2026-05-18 09:50:00', { cancelledAt: moment })
  await at('2026-05-18 10:00:00', { startedAt: moment })
  await at('2026-05-18 10:10:00', { heldAt: moment })
  await aSession(catalogue.database, { startsAt: '2026-05-18 07:00:00', endsAt: '2026-05-18 08:00:00' })
  const all = (await list()).data as { id: number; status: string; bookable: boolean }[]
  expect(all.map(({ status }) => status).sort()).toEqual(
    ['Available', 'Available', 'Cancelled', 'Ended', 'Ended', 'Full', 'Hold', 'Holiday', 'Started'].sort(),
  )
  const bookable = await list('?bookable=true&size=1')
  expect(bookable.page).toEqual<unknown>({ page: 0, size: 1, total: 2 })
  expect(await ids('?bookable=true')).toEqual([runOut, unlimited])
  expect(await ids('?bookable=false')).toEqual(all.filter((one) => !one.bookable).map(({ id }) => id))
  expect((await list('?bookable=false')).page.total).toBe(7)
})

test('pages follow each other without a gap, and one beyond the end is empty with the true total', async () => {
  const made: number[] = []
  for (let minute = 10; minute < 17; minute++) made.push(await at(`2026-05-18 09:${minute}:00`))
  expect(await ids('?size=3&page=0')).toEqual(made.slice(0, 3))
  expect(await ids('?size=3&page=2')).toEqual(made.slice(6))
  expect(await list('?page=1000000000&size=200')).toMatchObject({
    data: [],
    page: { page: 1_000_000_000, size: 200, total: 7 },
  })
})

test('the sessions of a retired consultant are still listed', async () => {
  const id = await at('2026-05-18 09:00:00')
  await catalogue.database.write([{ sql: 'UPDATE consultant SET retired_at = 1', args: [] }])
  expect(await ids()).toEqual([id])
})

test('searches go through indexes, whatever they ask', async () => {
  const range = { from: local('2026-05-18'), to: local('2026-06-18') }
  const now = catalogue.clock()
  const paging = { page: 0, size: 20 }
  const plans = {
    one: sessionById(1, now),
    consultant: sessionsPage({ ...range, consultantId: 1 }, paging, now),
    consultantTotal: sessionsTotal({ ...range, consultantId: 1, bookable: true }, now),
    hospital: sessionsPage({ ...range, hospitalId: 1, bookable: true }, paging, now),
    speciality: sessionsPage({ ...range, specialityId: 1 }, paging, now),
    all: sessionsPage(range, paging, now),
    total: sessionsTotal(range, now),
  }
  const planOf = async ({ sql, args }: { sql: string; args: unknown[] }) =>
    (await catalogue.database.read<{ detail: string }>(`EXPLAIN QUERY PLAN ${sql}`, args)).map(({ detail }) => detail)
  for (const statement of Object.values(plans)) {
    for (const step of await planOf(statement)) expect(step).not.toMatch(/^SCAN (?!CONSTANT ROW|moment|json_each)/)
  }
  expect((await planOf(plans.one)).join()).toContain('SEARCH s USING INTEGER PRIMARY KEY')
  expect((await planOf(plans.one)).join()).toContain('booking_held')
  expect((await planOf(plans.consultant)).join()).toContain(
    'session_by_consultant (consultant_id=? AND starts_at>? AND starts_at<?)',
  )
  expect((await planOf(plans.hospital)).join()).toContain('session_by_hospital')
  for (const plan of [plans.all, plans.consultant, plans.hospital]) {
    expect((await planOf(plan)).join()).not.toContain('FOR ORDER BY')
  }
})
