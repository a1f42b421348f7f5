import { afterEach, beforeEach, expect, test } from 'bun:test'
import { aDirectory, type Catalogue, startCatalogue } from '../testing'

let catalogue: Catalogue
beforeEach(async () => {
  catalogue = await startCatalogue()
  await aDirectory(catalogue.database)
})
afterEach(() => catalogue.close())

const list = async (path: string) => (await catalogue.get(`/api/channel/${path}`)).body
const retire = (table: string) =>
  catalogue.database.write([{ sql: `UPDATE ${table} SET retired_at = 1 WHERE id = 1`, args: [] }])

test('specialities and hospitals in use are listed by name, with totals', async () => {
  expect(await list('specialities?size=1')).toEqual<unknown>({
    status: 'success',
    code: 200,
    data: [{ id: 1, name: 'Cardiology', code: 'CARD', description: null }],
    page: { page: 0, size: 1, total: 2 },
  })
  expect((await list('hospitals')).data[1]).toEqual<unknown>({
    id: 2,
    name: 'Lake Hospital',
    code: 'LAKE',
    city: 'Kandy',
    phone: null,
  })
  await retire('speciality')
  await retire('hospital')
  expect((await list('specialities')).data.map(({ id }: { id: number }) => id)).toEqual([2])
  expect((await list('hospitals')).page.total).toBe(1)
})

test('a query is a part of the name or code, in capitals or not, and its % and _ are no wildcards', async () => {
  const found = async (query: string) => (await list(`specialities?query=${encodeURIComponent(query)}`)).page.total
  expect(await found('oLoGy')).toBe(2)
  expect(await found('card')).toBe(1)
  expect(await found('DERM')).toBe(1)
  expect(await found('%')).toBe(0)
  expect(await found('c_rd')).toBe(0)
  expect(await found('\\')).toBe(0)
  await catalogue.database.write([{ sql: `UPDATE speciality SET name = '100%_\\' WHERE id = 1`, args: [] }])
  expect(await found('0%_\\')).toBe(1)
})

test('a consultant comes with the hospitals in use where they see patients', async () => {
  expect((await list('consultants')).data).toEqual<unknown>([
    {
      id: 1,
      name: 'A. Perera',
      title: 'Dr',
      registration: 'SLMC 1',
      qualification: null,
      specialityId: 1,
      speciality: 'Cardiology',
      hospitals: [
        { id: 1, name: 'City Hospital' },
        { id: 2, name: 'Lake Hospital' },
      ],
    },
    {
      id: 2,
      name: 'B. Silva',
      title: null,
      registration: 'SLMC 2',
      qualification: null,
      specialityId: 2,
      speciality: 'Dermatology',
      hospitals: [{ id: 2, name: 'Lake Hospital' }],
    },
  ])
  await retire('hospital')
  expect((await list('consultants')).data[0]!.hospitals).toEqual([{ id: 2, name: 'Lake Hospital' }])
})

test('consultants are found by speciality, hospital and a part of name or registration', async () => {
  const ids = async (query: string) => (await list(`consultants?${query}`)).data.map(({ id }: { id: number }) => id)
  expect(await ids('specialityId=2')).toEqual([2])
  expect(await ids('hospitalId=1')).toEqual([1])
  expect(await ids('hospitalId=2')).toEqual([1, 2])
  expect(await ids('query=dr%20a')).toEqual([1])
  expect(await ids('query=slmc%202')).toEqual([2])
  expect(await ids('specialityId=1&hospitalId=2&query=silva')).toEqual([])
  await retire('consultant')
  expect(await ids('')).toEqual([2])
})

test('an empty or overlong query, or one with control characters, is refused without being echoed', async () => {
  for (const query of ['', '%00', '%0a', 'x'.repeat(101)]) {
    const reply = await catalogue.get(`/api/channel/consultants?query=${query}`)
    expect(reply).toMatchObject({ status: 400, body: { reason: 'invalid_request', fields: [{ path: 'query.query' }] } })
  }
})
