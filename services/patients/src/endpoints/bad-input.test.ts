import { afterAll, beforeAll, expect, test } from 'bun:test'
import { type Patients, startPatients, stopPatients } from '../testing'

afterAll(stopPatients)

let patients: Patients
beforeAll(async () => {
  patients = await startPatients()
  await patients.register({ name: 'Jane Doe', phone: '0771234567', email: 'jane@example.com' })
})

const long = 'x'.repeat(600)
const hidden = 'zz\u0000zz'
const wrong: Record<string, unknown[]> = {
  name: ['', '  ', 7, [], {}, true, '...', 'n'.repeat(201), hidden, 'a\nb', '\ud800'],
  title: ['', 7, 't'.repeat(21), hidden],
  sex: ['', 'male', 'M', 7, []],
  dob: [
    '',
    '1990',
    '18-05-1990',
    '1990-02-30',
    '2026-02-29',
    '2026-05-19',
    '2999-01-01',
    '1990-05-18T00:00:00',
    '1990-05-18 24:00:00',
    19900518,
    hidden,
  ],
  phone: ['', '12', 'zzz', 771234567, '0771234567 ext 5', '0771234567890', long, hidden],
  nic: ['', '853400937', '853670937V', '853400937Y', '85340093777V', 198534000937, '209934000937', long, hidden],
  passport: ['', 'N1', 'NNNNNN', 'N123456!', 'N'.repeat(20) + 1, 1234567, hidden],
  email: ['', 'jane', 'jane@', '@example.com', 'jane doe@example.com', `${long}@example.com`, 7, hidden],
  address: ['', 7, long, hidden],
  foreigner: ['true', 1, 'yes', []],
}

for (const [property, values] of Object.entries(wrong)) {
  test(`a wrong ${property} is refused by name, on POST and PUT, and never said back`, async () => {
    for (const value of values) {
      const body = { name: 'Somebody', email: 'some@example.com', [property]: value }
      const replies = [await patients.register(body), await patients.change(1, { [property]: value })]
      for (const { status, body, text } of replies) {
        expect([value, status, body.reason]).toEqual([value, 400, 'invalid_request'])
        expect(body.fields?.map(({ path }) => path.split('.').slice(0, 2).join('.'))).toContain(`body.${property}`)
        if (typeof value === 'string' && value.length > 6 && !value.includes(' ')) expect(text).not.toContain(value)
      }
    }
  })
}

test('every fault of one request is told at once', async () => {
  const { body } = await patients.register({ name: 'Jane', phone: '12', nic: 'x', passport: '!', dob: '2027-01-01' })
  expect(body.fields?.map(({ path }) => path)).toEqual(['body.dob', 'body.phone', 'body.nic', 'body.passport'])
})

test('a name alone, and a phone alone, are not enough', async () => {
  expect((await patients.register({ name: 'Jane' })).body.fields?.[0]?.path).toBe('body')
  expect((await patients.register({ phone: '0771234567' })).body.fields?.[0]?.path).toBe('body.name')
  expect((await patients.register({ name: null, phone: '0771234567' })).body.fields?.[0]?.path).toBe('body.name')
})

const bodies: [string, unknown, string][] = [
  ['a property nobody knows', { name: 'Jane', email: 'a@example.com', telephone: '0771234567' }, 'invalid_request'],
  ['our own columns', { name: 'Jane', email: 'a@example.com', phn: 'P1', id: 1 }, 'invalid_request'],
  ['no body', undefined, 'invalid_request'],
  ['an array', [], 'invalid_request'],
  ['null', null, 'invalid_request'],
  ['an empty object', {}, 'invalid_request'],
  ['half of JSON', '{"name":', 'malformed_json'],
]
test.each(bodies)('%s as a body is refused', async (_, body, reason) => {
  for (const reply of [await patients.register(body), await patients.change(1, body)]) {
    expect([reply.status, reply.body.reason]).toEqual([400, reason])
  }
})

test.each(['0', '-1', '1e99', '1.5', 'abc', '%00', '99999999999999999999', '01'])('"%s" is no id', async (id) => {
  for (const reply of [
    await patients.send('GET', `/api/patients/${id}`),
    await patients.send('PUT', `/api/patients/${id}`, { title: 'Dr' }),
    await patients.send('GET', `/api/patients/search?id=${id}`),
  ]) {
    expect([reply.status, reply.body.reason]).toEqual([400, 'invalid_request'])
  }
})

test.each([
  '',
  '?page=0&size=10',
  '?name=',
  '?name=j',
  '?name=%20j%20',
  '?name=ja%00ne',
  '?query=j',
  `?query=${long}`,
  '?phone=',
  '?phone=1&phone=2',
  '?nic=',
  '?phn=',
  '?surname=doe',
  '?name=jane&surname=doe',
  '?name=jane&size=0',
  '?name=jane&size=201',
  '?name=jane&page=-1',
  '?name=jane&page=99999999999',
])('the search "%s" is refused', async (query) => {
  const { status, body } = await patients.send('GET', `/api/patients/search${query}`)
  expect([status, body.reason]).toEqual([400, 'invalid_request'])
  expect(body.fields?.[0]?.path).toStartWith('query')
})

test('an operation asks for its own scope', async () => {
  for (const [method, path, scope] of [
    ['GET', '/api/patients/search?name=jane', 'patients:write'],
    ['GET', '/api/patients/1', 'patients:write'],
    ['POST', '/api/patients', 'patients:read'],
    ['PUT', '/api/patients/1', 'patients:read'],
  ] as const) {
    const body = method === 'GET' ? undefined : { name: 'Jane', email: 'z@example.com' }
    const reply = await patients.send(method, path, body, [scope])
    expect([reply.status, reply.body.reason]).toEqual([403, 'scope_missing'])
  }
  const bare = await patients.app.fetch(new Request('http://localhost/api/patients/1'))
  expect(bare.status).toBe(401)
})
