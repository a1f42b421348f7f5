import { afterEach, expect, test } from 'bun:test'
import { NOW, startPatients, stopPatients } from '../testing'

afterEach(stopPatients)

const jane = { name: 'Jane Doe', phone: '0771234567', nic: '853400937V', dob: '1985-12-05', title: 'Mrs' }

test('what is given changes, what is not stays', async () => {
  const { register, change, send } = await startPatients()
  const before = (await register(jane)).body.data
  const { status, body } = await change(before.id, { name: 'Jane Perera', phone: '0777654321', foreigner: true })
  expect(status).toBe(200)
  expect(body.data).toEqual({ ...before, name: 'Jane Perera', phone: '+94777654321', foreigner: true })
  expect((await send('GET', `/api/patients/${before.id}`)).body.data).toEqual(body.data)
})

test('who was renamed is found by the new name and no longer by the old', async () => {
  const { register, change, search } = await startPatients()
  const { id } = (await register(jane)).body.data
  await change(id, { name: 'Mary Perera' })
  expect((await search({ name: 'mary' })).body.data).toHaveLength(1)
  expect((await search({ name: 'jane' })).body.data).toHaveLength(0)
})

test('null clears, as long as something still leads back to the patient', async () => {
  const { register, change } = await startPatients()
  const { id } = (await register(jane)).body.data
  expect((await change(id, { title: null, dob: null, nic: null })).body.data).toMatchObject({
    title: null,
    dob: null,
    nic: null,
  })
  const last = await change(id, { phone: null })
  expect([last.status, last.body.fields?.[0]?.path]).toEqual([400, 'body'])
  expect((await change(id, { phone: null, email: 'jane@example.com' })).status).toBe(200)
})

test('a cleared NIC is free for another, a cleared foreigner is local', async () => {
  const { register, change } = await startPatients()
  const { id } = (await register({ ...jane, foreigner: true })).body.data
  expect((await change(id, { nic: null, foreigner: null })).body.data.foreigner).toBe(false)
  expect((await register({ name: 'Other', nic: jane.nic })).status).toBe(201)
})

test('a patient cannot become another, but may be told again who it is', async () => {
  const { register, change } = await startPatients()
  const { id, phn } = (await register({ ...jane, passport: 'N1234567' })).body.data
  const other = (await register({ name: 'Jane Doe', phone: '0777654321', dob: jane.dob })).body.data
  for (const body of [{ nic: '198534000937' }, { passport: 'n1234567' }, { phone: '+94771234567' }]) {
    const reply = await change(other.id, body)
    expect([reply.status, reply.body.reason]).toEqual([409, 'patient_exists'])
    expect(reply.body.existing).toEqual({ id, phn })
  }
  const back = await change(id, { phone: '0777654321' })
  expect(back.body.existing).toEqual({ id: other.id, phn: other.phn })
  expect((await change(id, jane)).status).toBe(200)
})

test('a patient nobody registered is not found', async () => {
  const { change, send } = await startPatients()
  for (const reply of [await send('GET', '/api/patients/7'), await change(7, { title: 'Dr' })]) {
    expect([reply.status, reply.body.reason]).toEqual([404, 'patient_not_found'])
  }
})

test('changes at once to different properties are all kept, within one millisecond too', async () => {
  const { register, change, send } = await startPatients({ clock: () => NOW })
  const { id } = (await register(jane)).body.data
  const changes = [
    { title: 'Dr' },
    { sex: 'Female' },
    { address: 'Galle' },
    { email: 'jane@example.com' },
    { foreigner: true },
  ]
  const replies = await Promise.all(changes.map((body) => change(id, body)))
  expect(replies.map(({ status }) => status)).toEqual(changes.map(() => 200))
  expect((await send('GET', `/api/patients/${id}`)).body.data).toMatchObject(Object.assign({}, ...changes))
})

test('of two who clear the last two leads at once, one is refused', async () => {
  const { register, change } = await startPatients()
  const { id } = (await register({ name: 'Jane', phone: '0771234567', email: 'jane@example.com' })).body.data
  const replies = await Promise.all([change(id, { phone: null }), change(id, { email: null })])
  expect(replies.map(({ status }) => status).sort()).toEqual([200, 400])
})
