import { afterAll, beforeAll, expect, setDefaultTimeout, test } from 'bun:test'
import { crowd } from '../support/crowd'
import { aHospital, aSession } from '../support/hospital'
import { type Server, startServer } from '../support/server'

setDefaultTimeout(60_000)

let server: Server
beforeAll(async () => {
  server = await startServer({ seed: aHospital({ sessions: [aSession({ capacity: 0 })], patients: 0 }) })
})
afterAll(() => server[Symbol.asyncDispose]())

const register = (body: object) => server.call('POST', '/api/patients', body)
const search = async (criteria: Record<string, string>) => {
  const { status, body } = await server.call('GET', `/api/patients/search?${new URLSearchParams(criteria)}`)
  expect(status).toBe(200)
  return body.data as { id: number; name: string }[]
}

test('a patient who is not found is registered, found again however asked for, and booked for', async () => {
  expect(await search({ phone: '0771234567' })).toEqual([])
  const registered = await register({
    title: 'Mrs',
    name: 'Jane Doe',
    sex: 'Female',
    dob: '1985-12-06',
    phone: '077 123 4567',
    nic: '853400937V',
    email: 'Jane@Example.com',
    address: '1 Galle Road',
  })
  expect(registered.status).toBe(201)
  const jane = registered.body.data
  expect(registered.headers.get('location')).toBe(`/api/patients/${jane.id}`)
  expect(jane).toMatchObject({
    title: 'Mrs',
    name: 'Jane Doe',
    sex: 'Female',
    dob: '1985-12-06 00:00:00',
    phone: '+94771234567',
    nic: '853400937V',
    passport: null,
    foreigner: false,
  })

  for (const criteria of [
    { phone: '0771234567' },
    { phone: '+94 77 123 4567' },
    { phone: '0094771234567' },
    { nic: '853400937V' },
    { nic: '853400937v' },
    { nic: '198534000937' },
    { phn: jane.phn },
    { phn: jane.phn.toLowerCase() },
    { name: 'jane' },
    { name: 'E DO' },
    { id: String(jane.id) },
    { query: 'doe' },
    { query: '077-1234567' },
    { query: 'jane@example.com' },
    { name: 'doe', phone: '0771234567' },
  ] as Record<string, string>[]) {
    expect([criteria, await search(criteria)]).toEqual([criteria, [jane]])
  }
  for (const criteria of [
    { phone: '0771234568' },
    { name: 'doe', phone: '0771234568' },
    { nic: '853400938V' },
    { id: '999' },
  ] as Record<string, string>[]) {
    expect([criteria, await search(criteria)]).toEqual([criteria, []])
  }

  const asked = { sessionInstanceId: 1, patientId: jane.id }
  const booked = await server.call('POST', '/api/channel/bookings', asked)
  expect(booked.body.data).toMatchObject({ patientId: jane.id, patientName: 'Jane Doe' })
})

test('a search needs a criterion, and two characters of a name', async () => {
  for (const query of ['', '?page=0', '?name=j', '?name=%20%20', '?colour=red', '?phone=']) {
    const { status, body } = await server.call('GET', `/api/patients/search${query}`)
    expect(`${query} ${status} ${body.reason}`).toBe(`${query} 400 invalid_request`)
  }
})

test('one person is registered once: same NIC in either form, same passport, or same name, birthday and phone', async () => {
  const person = {
    name: 'Nimal Silva',
    dob: '1990-05-18',
    phone: '0712345678',
    nic: '199013900123',
    passport: 'N7654321',
  }
  const first = (await register(person)).body.data
  for (const twin of [
    { name: 'N. Silva', nic: '901390123V' },
    { name: 'N. Silva', passport: 'n-7654321' },
    { name: 'nimal  SILVA', dob: '1990-05-18 00:00:00', phone: '+94 71 234 5678' },
  ]) {
    const { status, body } = await register(twin)
    expect({ status, body }).toMatchObject({
      status: 409,
      body: { reason: 'patient_exists', existing: { id: first.id, phn: first.phn } },
    })
  }
  expect((await register({ ...person, nic: undefined, passport: undefined, dob: '1990-05-19' })).status).toBe(201)
})

test('of many who register one person at once, one does, and the others are told who is there', async () => {
  const replies = await crowd(
    server,
    Array.from({ length: 30 }, () => ({
      method: 'POST',
      path: '/api/patients',
      body: { name: 'Kamala Fernando', nic: '905671234V' },
    })),
  )
  const registered = replies.filter(({ status }) => status === 201)
  expect(registered).toHaveLength(1)
  const { id, phn } = registered[0]!.body.data
  const others = replies.filter(({ status }) => status !== 201)
  expect(others.map(({ status, body }) => [status, body.reason, body.existing])).toEqual(
    Array(29).fill([409, 'patient_exists', { id, phn }]),
  )
  expect(await search({ name: 'kamala' })).toHaveLength(1)
})

test('a registration sent again is known by who the patient is, whatever Idempotency-Key comes with it, as the document says', async () => {
  const again = async (body: object) => {
    const send = () => server.call('POST', '/api/patients', body, { headers: { 'idempotency-key': 'once' } })
    const first = await send()
    expect(first.status).toBe(201)
    const second = await send()
    expect(second.headers.has('idempotent-replay')).toBe(false)
    return { first, second }
  }
  for (const known of [{ nic: '901234567V' }, { passport: 'M7654321' }, { dob: '1988-01-02', phone: '0712223334' }]) {
    const { first, second } = await again({ name: 'Anura', ...known })
    expect(`${second.status} ${second.body.reason}`).toBe('409 patient_exists')
    expect(second.body.existing).toEqual({ id: first.body.data.id, phn: first.body.data.phn })
  }
  for (const unknown of [{ phone: '0715556667' }, { email: 'ruwan@example.com', dob: '1988-01-02' }]) {
    const { first, second } = await again({ name: 'Ruwan', ...unknown })
    expect(second.status).toBe(201)
    expect(second.body.data.id).not.toBe(first.body.data.id)
  }

  const documented = server.contract.operations.find(({ object }) => object.operationId === 'registerPatient')!
  expect(documented.object.description).toContain('An `Idempotency-Key` makes no difference')
  expect(documented.object.description).toContain('registers a second patient')
})

test('what is known of a patient can be corrected', async () => {
  const { id, phn, createdAt } = (await register({ name: 'Sunil', email: 'sunil@example.com' })).body.data
  const changed = await server.call('PUT', `/api/patients/${id}`, { name: 'Sunil Jayasuriya', phone: '0761112223' })
  expect(changed.status).toBe(200)
  expect(changed.body.data).toMatchObject({
    id,
    phn,
    createdAt,
    name: 'Sunil Jayasuriya',
    phone: '+94761112223',
    email: 'sunil@example.com',
  })
  expect((await server.call('GET', `/api/patients/${id}`)).body.data).toEqual(changed.body.data)
  expect(await search({ phone: '0761112223' })).toEqual([changed.body.data])
  const unknown = await server.call('GET', '/api/patients/99999')
  expect(`${unknown.status} ${unknown.body.reason}`).toBe('404 patient_not_found')
})

test('no name, phone, NIC or key gets into what the server writes', () => {
  const written = server.output()
  expect(written).toContain('listening')
  for (const secret of [server.key, 'Jane', 'Doe', '771234567', '853400937', 'Kamala', 'Galle']) {
    expect(written).not.toContain(secret)
  }
})

test('a patient who is changed is booked for as they are now, however often they were booked for before', async () => {
  const { id } = (await register({ name: 'Maria Silva', phone: '0712345678' })).body.data
  const book = async () =>
    (await server.call('POST', '/api/channel/bookings', { sessionInstanceId: 1, patientId: id })).body.data
  const change = (body: object) => server.call('PUT', `/api/patients/${id}`, body)
  const before = await book()
  expect(before).toMatchObject({ patientName: 'Maria Silva', foreigner: false })
  expect(await book()).toMatchObject({ patientName: 'Maria Silva' })

  expect((await change({ name: 'Maria de Silva', foreigner: true })).status).toBe(200)
  const after = await book()
  expect(after).toMatchObject({ patientName: 'Maria de Silva', foreigner: true })
  expect(after.fee.total).toBeGreaterThan(before.fee.total)

  for (let turn = 0; turn < 20; turn++) {
    // whatever is being booked meanwhile
    const meanwhile = Array.from({ length: 4 }, book)
    expect((await change({ name: `Maria ${turn} Silva` })).status).toBe(200)
    expect(await book()).toMatchObject({ patientName: `Maria ${turn} Silva` })
    await Promise.all(meanwhile)
  }
})
