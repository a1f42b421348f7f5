import { afterEach, expect, test } from 'bun:test'
import { createCalendar } from '@channelling/contract'
import { phnOf, readPhn } from '../rules/phn'
import { NOW, startPatients, stopPatients } from '../testing'

afterEach(stopPatients)

const jane = {
  name: 'Jane Doe',
  title: 'Mrs',
  sex: 'Female',
  dob: '1985-12-05',
  phone: '077 123 4567',
  nic: '853400937v',
  passport: 'n1234567',
  email: 'Jane@Example.com',
  address: '1 Galle Road',
  foreigner: false,
}
const existing = ({ id, phn }: { id: number; phn: string }) => ({ id, phn })

test('a registered patient is answered as it is kept, and is found at its location', async () => {
  const { register, send } = await startPatients()
  const { status, location, body } = await register(jane)
  expect(status).toBe(201)
  expect(body).toEqual({
    status: 'success',
    code: 201,
    data: {
      ...jane,
      id: expect.any(Number),
      phn: expect.stringMatching(/^P\d{11}$/),
      dob: '1985-12-05 00:00:00',
      phone: '+94771234567',
      nic: '853400937V',
      passport: 'N1234567',
      email: 'jane@example.com',
      createdAt: '2026-05-18 11:30:00',
    },
  })
  expect(readPhn(body.data.phn)).toBe(body.data.phn)
  expect(location).toBe(`/api/patients/${body.data.id}`)
  expect((await send('GET', location!)).body.data).toEqual(body.data)
})

test('a name and any one of phone, NIC, passport and email are enough; the rest is null', async () => {
  const { register } = await startPatients()
  const leads = { phone: '0771234567', nic: '853400937V', passport: 'N1234567', email: 'a@example.com' }
  for (const [lead, value] of Object.entries(leads)) {
    const { status, body } = await register({ name: 'Somebody', [lead]: value, title: null, dob: null })
    expect(status).toBe(201)
    const { id: _, phn: _phn, createdAt: _at, ...told } = body.data
    expect(told).toEqual({
      title: null,
      name: 'Somebody',
      sex: null,
      dob: null,
      phone: null,
      nic: null,
      passport: null,
      email: null,
      address: null,
      foreigner: false,
      [lead]: lead === 'phone' ? '+94771234567' : value,
    })
  }
})

test('the same NIC in either form, the same passport, or the same name, birthday and phone is the same patient', async () => {
  const { register } = await startPatients()
  const first = existing((await register(jane)).body.data)
  for (const again of [
    { name: 'Other', nic: '198534000937' },
    { name: 'Other', nic: '853400937X' },
    { name: 'Other', passport: 'N 123-4567' },
    { name: 'JANE  doe', dob: '1985-12-05 10:00:00', phone: '0094771234567' },
  ]) {
    const { status, body } = await register(again)
    expect(status).toBe(409)
    expect(body.reason).toBe('patient_exists')
    expect(body.existing).toEqual(first)
  }
})

test('a family shares a phone, and namesakes a birthday', async () => {
  const { register } = await startPatients()
  await register(jane)
  for (const other of [
    { name: 'Jane Doe', phone: jane.phone },
    { name: 'Jane Doe', phone: jane.phone, dob: '2015-12-05' },
    { name: 'Jane Doe', phone: '0777654321', dob: jane.dob },
    { name: 'John Doe', phone: jane.phone, dob: jane.dob, email: jane.email },
  ]) {
    expect((await register(other)).status).toBe(201)
  }
})

const alike: [string, (caller: number) => object][] = [
  ['NIC', (caller) => ({ name: `Name ${caller}`, nic: caller % 2 ? '853400937V' : '198534000937' })],
  ['passport', (caller) => ({ name: `Name ${caller}`, passport: 'N1234567' })],
  ['name, birthday and phone', () => ({ name: 'Jane Doe', dob: '1985-12-05', phone: '0771234567' })],
]
test.each(alike)(
  'of fifty at once with one %s, one is registered and all others are told who it is',
  async (_, person) => {
    const { register, database } = await startPatients()
    const replies = await Promise.all(Array.from({ length: 50 }, (_, caller) => register(person(caller))))
    const first = replies.filter(({ status }) => status === 201)
    const others = replies.filter(({ status }) => status === 409)
    expect([first.length, others.length]).toEqual([1, 49])
    for (const { body } of others) expect(body.existing).toEqual(existing(first[0]!.body.data))
    expect(await database.read('SELECT count(*) AS count FROM patient')).toEqual([{ count: 1 }])
  },
)

test('fifty different patients at once are all registered, each with a PHN of its own', async () => {
  const { register } = await startPatients()
  const replies = await Promise.all(
    Array.from({ length: 50 }, (_, caller) => register({ name: `Name ${caller}`, phone: '0771234567' })),
  )
  expect(replies.map(({ status }) => status)).toEqual(Array(50).fill(201))
  expect(new Set(replies.map(({ body }) => body.data.phn)).size).toBe(50)
})

test('a PHN that is somebody’s already is drawn again', async () => {
  const drawn = ['0000000001', '0000000001', '0000000001', '0000000002'].map(phnOf)
  const { register } = await startPatients({ newPhn: () => drawn.shift()! })
  expect((await register({ name: 'First', email: 'a@example.com' })).body.data.phn).toBe(phnOf('0000000001'))
  expect((await register({ name: 'Second', email: 'b@example.com' })).body.data.phn).toBe(phnOf('0000000002'))
})

test('what has no end is refused, not tried for ever', async () => {
  const { register } = await startPatients({ newPhn: () => phnOf('0000000001') })
  await register({ name: 'First', email: 'a@example.com' })
  const { status, body } = await register({ name: 'Second', email: 'b@example.com' })
  expect([status, body.reason]).toEqual([503, 'overloaded'])
})

test('today is the day of the hospital, not of Greenwich', async () => {
  const { register } = await startPatients({ clock: () => Date.parse('2026-05-17T20:00:00Z') })
  expect((await register({ name: 'Newborn', email: 'a@example.com', dob: '2026-05-18' })).status).toBe(201)
  expect((await register({ name: 'Unborn', email: 'b@example.com', dob: '2026-05-19' })).status).toBe(400)
})

test('a birthday is a day: no zone moves it', async () => {
  for (const zone of ['Pacific/Kiritimati', 'America/Los_Angeles']) {
    const { register } = await startPatients({ calendar: createCalendar(zone) })
    const { body } = await register({ name: 'Jane', email: 'a@example.com', dob: '1990-05-18 00:00:00' })
    expect(body.data.dob).toBe('1990-05-18 00:00:00')
  }
})

test('a birthday at a local time that a clock change skips is refused, one at its midnight is a day like any other', async () => {
  const { register, change } = await startPatients({ calendar: createCalendar('America/New_York') })
  const refused = await register({ name: 'Jane', email: 'a@example.com', dob: '1990-04-01 02:30:00' })
  expect([refused.status, refused.body.fields]).toEqual([
    400,
    [{ path: 'body.dob', message: 'must be a local time that exists; a clock change skips this one' }],
  ])
  const { body } = await register({ name: 'Jane', email: 'a@example.com', dob: '1990-04-01 03:30:00' })
  expect(body.data.dob).toBe('1990-04-01 00:00:00')
  expect((await change(body.data.id, { dob: '1990-04-01 02:30:00' })).status).toBe(400)

  // at midnight, where the answer stands
  const colombo = await startPatients()
  const first = await colombo.register({ name: 'Jane', email: 'a@example.com', dob: '1996-05-25' })
  expect((await colombo.change(first.body.data.id, { dob: first.body.data.dob })).status).toBe(200)
  expect((await colombo.change(first.body.data.id, { dob: '1996-05-25 00:15:00' })).status).toBe(400)
})

test('without a country code a phone number is of the region of the hospital', async () => {
  const { register } = await startPatients({ region: 'GB' })
  expect((await register({ name: 'Jane', phone: '020 7946 0958' })).body.data.phone).toBe('+442079460958')
})

test('registering is one write', async () => {
  const { database } = await startPatients()
  let writes = 0
  const counting: typeof database = {
    ...database,
    write(statements) {
      writes++
      return database.write(statements)
    },
  }
  const { register } = await startPatients({ database: counting, clock: () => NOW })
  expect((await register(jane)).status).toBe(201)
  expect(writes).toBe(1)
})
