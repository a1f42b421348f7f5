import { afterAll, beforeAll, expect, test } from 'bun:test'
import { likenesses } from '../rules/criteria'
import { searchStatements } from '../store/search'
import { type PatientJson, type Patients, startPatients, stopPatients } from '../testing'

afterAll(stopPatients)

let patients: Patients
let jane: PatientJson
let john: PatientJson
let nimal: PatientJson
beforeAll(async () => {
  patients = await startPatients()
  const add = async (person: unknown) => (await patients.register(person)).body.data
  jane = await add({ name: 'Jane Doe', phone: '0771234567', nic: '853400937V', dob: '1985-12-05' })
  john = await add({ name: 'John DOE', phone: '+94 77 123 4567', passport: 'N1234567', email: 'John@Example.com' })
  nimal = await add({ name: 'නිමල් 100%_\\ Perera', nic: '199055501234' })
})

const found = async (criteria: Record<string, string>) => {
  const { status, body } = await patients.search(criteria)
  expect(status).toBe(200)
  expect(body.page?.total).toBe(body.data.length)
  return body.data.map(({ id }) => id)
}

test.each(['0771234567', '077-123 4567', '+94 77 123 4567', '94771234567', '0094771234567'])(
  'the phone %s finds everybody who has it, by name',
  async (phone) => {
    expect(await found({ phone })).toEqual([jane.id, john.id])
  },
)

test('a plus sign that arrives as a space is understood', async () => {
  const { body } = await patients.send<PatientJson[]>('GET', '/api/patients/search?phone=+94771234567')
  expect(body.data).toHaveLength(2)
})

test('an NIC finds the patient in whichever form it was given and is asked for', async () => {
  for (const nic of ['853400937V', '853400937v', '853400937X', '198534000937']) {
    expect(await found({ nic })).toEqual([jane.id])
  }
  for (const nic of ['905551234V', '199055501234']) expect(await found({ nic })).toEqual([nimal.id])
})

test('a PHN finds its patient, in any case, with or without dashes', async () => {
  const digits = jane.phn.slice(1)
  for (const phn of [jane.phn, jane.phn.toLowerCase(), `p-${digits.slice(0, 4)}-${digits.slice(4)}`, digits]) {
    expect(await found({ phn })).toEqual([jane.id])
  }
})

test('an id finds its patient', async () => {
  expect(await found({ id: String(john.id) })).toEqual([john.id])
})

test('any part of a name finds everybody who has it, in any case', async () => {
  expect(await found({ name: 'doe' })).toEqual([jane.id, john.id])
  expect(await found({ name: 'JANE   d' })).toEqual([jane.id])
  expect(await found({ name: 'ne' })).toEqual([jane.id])
  expect(await found({ name: 'නිමල්' })).toEqual([nimal.id])
})

test('signs that mean something to a database mean themselves', async () => {
  for (const name of ['%_', '100%', '_\\']) expect(await found({ name })).toEqual([nimal.id])
  for (const name of ['%%', '__', 'j%e', 'j_ne', "' OR 1=1 --"]) expect(await found({ name })).toEqual([])
})

test('all criteria have to be met', async () => {
  expect(await found({ phone: '0771234567', name: 'jane' })).toEqual([jane.id])
  expect(await found({ phone: '0771234567', nic: '853400937V', phn: jane.phn, id: String(jane.id) })).toEqual([jane.id])
  expect(await found({ phone: '0771234567', query: 'john' })).toEqual([john.id])
  expect(await found({ phone: '0771234567', name: 'nimal' })).toEqual([])
  expect(await found({ nic: '853400937V', id: String(john.id) })).toEqual([])
})

test('free text finds by whatever it looks like', async () => {
  const queries: [string, number[]][] = [
    ['077 123 4567', [jane.id, john.id]],
    ['198534000937', [jane.id]],
    [jane.phn.toLowerCase(), [jane.id]],
    ['n-1234567', [john.id]],
    ['john@example.COM', [john.id]],
    ['Doe', [jane.id, john.id]],
  ]
  for (const [query, ids] of queries) expect(await found({ query })).toEqual(ids)
})

test('who is not there is an empty list, whatever was asked', async () => {
  for (const criteria of [
    { phone: '0777654321' },
    { phone: '12' },
    { nic: '863400937V' },
    { nic: 'nonsense' },
    { phn: 'P00000000000' },
    { phn: 'nonsense' },
    { id: '999' },
    { name: 'nobody' },
    { query: '??' },
  ] as Record<string, string>[]) {
    expect(await found(criteria)).toEqual([])
  }
})

test('pages follow each other, and a page past the end is empty with the same total', async () => {
  const { search, register } = await startPatients()
  for (const letter of 'edcba') await register({ name: `Doe ${letter}`, phone: '0771234567' })
  const page = async (page: number, size = 2) => {
    const { body } = await search({ name: 'doe', page: String(page), size: String(size) })
    return [body.page, body.data.map(({ name }) => name)]
  }
  expect(await page(0)).toEqual([{ page: 0, size: 2, total: 5 }, ['Doe a', 'Doe b']])
  expect(await page(2)).toEqual([{ page: 2, size: 2, total: 5 }, ['Doe e']])
  expect(await page(3)).toEqual([{ page: 3, size: 2, total: 5 }, []])
  expect(await page(1_000_000_000, 200)).toEqual([{ page: 1_000_000_000, size: 200, total: 5 }, []])
})

test('everything but a part of a name is found through an index', async () => {
  for (const criteria of [
    { phone: '0771234567' },
    { nic: '853400937V' },
    { phn: jane.phn },
    { id: 1 },
    { query: '0771234567' },
    { query: '853400937V' },
    { query: 'N1234567' },
    { query: 'john@example.com' },
    { phone: '0771234567', name: 'jane' },
  ]) {
    for (const statement of searchStatements(patients.database, likenesses(criteria, 'LK'), { page: 0, size: 20 })) {
      const { sql, params } = statement.toSQL()
      const plan = await patients.database.read<{ detail: string }>(`EXPLAIN QUERY PLAN ${sql}`, params)
      expect(plan.map(({ detail }) => detail).join()).toContain('SEARCH patient USING')
      expect(plan.map(({ detail }) => detail).join()).not.toContain('SCAN')
    }
  }
})
