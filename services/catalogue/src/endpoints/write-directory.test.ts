import { afterEach, beforeEach, expect, test } from 'bun:test'
import { aDirectory, aSession, type Catalogue, startCatalogue } from '../testing'

let catalogue: Catalogue
beforeEach(async () => {
  catalogue = await startCatalogue()
  await aDirectory(catalogue.database)
})
afterEach(() => catalogue.close())

const on = (path: string) => `/api/channel/${path}`
const post = (path: string, body: unknown) => catalogue.call('POST', on(path), body)
const put = (path: string, body: unknown) => catalogue.call('PUT', on(path), body)
const retire = (path: string) => catalogue.call('DELETE', on(path))
const totalOf = async (path: string) => (await catalogue.get(on(path))).body.page.total

const aSchedule = {
  consultantId: 1,
  hospitalId: 1,
  weekday: 'Mon',
  start: '09:30',
  end: '12:30',
  capacity: 30,
  minutesPerPatient: 6,
  fees: { local: { doctor: 2000, hospital: 500.5 }, foreign: { doctor: 4000, hospital: 1000 } },
}

const nouns = {
  specialities: { name: 'Neurology', code: 'NEUR', description: null },
  hospitals: { name: 'Hill Hospital', code: 'HILL', city: 'Kandy', phone: null },
  consultants: { name: 'C. Dias', title: 'Dr', registration: 'SLMC 3', qualification: null, specialityId: 2 },
  schedules: aSchedule,
}

for (const [path, body] of Object.entries(nouns)) {
  test(`of ${path}, one is added, found at its location, changed, retired and brought back`, async () => {
    const before = await totalOf(path)
    const added = await post(path, body)
    expect(added).toMatchObject({ status: 201, body: { status: 'success', code: 201, data: { retiredAt: null } } })
    expect(added.location).toBe(on(`${path}/${added.body.data.id}`))
    const own = `${path}/${added.body.data.id}`
    expect((await catalogue.get(added.location!)).body.data).toEqual(added.body.data)
    expect(await totalOf(path)).toBe(before + 1)

    const again = await post(path, body)
    expect(again).toMatchObject({
      status: 409,
      body: { reason: 'already_exists', existing: { id: added.body.data.id } },
    })

    const retired = await retire(own)
    expect(retired).toMatchObject({ status: 200, body: { data: { retiredAt: '2026-05-18 08:00:00' } } })
    catalogue.setTime('2026-05-18 09:00:00')
    expect((await retire(own)).body).toEqual(retired.body)
    expect(await totalOf(path)).toBe(before)
    expect(await post(path, body)).toMatchObject({ status: 409, body: { reason: 'already_exists' } })

    const different = 'name' in body ? { ...body, name: 'Another name' } : { ...body, capacity: 5, room: '9' }
    const back = await put(own, different)
    expect(back).toMatchObject({
      status: 200,
      body: { data: { ...different, ...(path === 'schedules' && { fees: added.body.data.fees }), retiredAt: null } },
    } as object)
    expect(await totalOf(path)).toBe(before + 1)
  })

  test(`of ${path}, what is unknown, misspelt or of the wrong type is refused, and the value never echoed`, async () => {
    expect(await put(`${path}/77`, body)).toMatchObject({
      status: 404,
      body: { reason: expect.stringMatching(/_not_found$/) },
    } as object)
    expect(await retire(`${path}/77`)).toMatchObject({ status: 404 })
    expect(await catalogue.get(on(`${path}/77`))).toMatchObject({ status: 404 })
    const secret = 'Xq7Zk2'
    const faulty = [
      { ...body, [secret]: 1 },
      ...Object.keys(body).map((name) => ({ ...body, [name]: { [secret]: secret } })),
      ...Object.keys(body).map((name) => ({ ...body, [name]: `${secret}\u0000` })),
      [],
      null,
      secret,
    ]
    for (const wrong of faulty) {
      const reply = await post(path, wrong)
      expect(reply).toMatchObject({ status: 400, body: { reason: 'invalid_request' } })
      expect(JSON.stringify(reply.body)).not.toContain(secret)
    }
  })

  test(`${path} are written with catalogue:write alone`, async () => {
    const reader = { scopes: ['catalogue:read'] as const }
    for (const [method, of] of [
      ['POST', path],
      ['PUT', `${path}/1`],
      ['DELETE', `${path}/1`],
    ] as const) {
      const reply = await catalogue.call(method, on(of), method === 'DELETE' ? undefined : body, reader)
      expect(reply).toMatchObject({ status: 403, body: { reason: 'scope_missing' } })
    }
  })
}

test('the same code, or the same name, is refused on a change too, naming the one that has it', async () => {
  for (const taken of [
    { name: 'Dermatology', code: 'X' },
    { name: 'X', code: 'DERM' },
  ]) {
    expect(await put('specialities/1', taken)).toMatchObject({ status: 409, body: { existing: { id: 2 } } })
  }
  expect((await put('specialities/1', { name: 'Cardiology', code: 'CARD' })).status).toBe(200)
})

test('what something in use depends on cannot be retired', async () => {
  expect(await retire('specialities/1')).toMatchObject({ status: 409, body: { reason: 'in_use' } })
  const schedule = await post('schedules', aSchedule)
  const inUse = { status: 409, body: { reason: 'in_use' } }
  expect(await retire('consultants/1')).toMatchObject(inUse)
  expect(await retire('hospitals/1')).toMatchObject(inUse)
  await retire(`schedules/${schedule.body.data.id}`)
  const id = await aSession(catalogue.database)
  expect(await retire('consultants/1')).toMatchObject(inUse)
  expect(await retire('hospitals/1')).toMatchObject(inUse)
  await retire(`sessions/${id}`)
  expect((await retire('consultants/1')).status).toBe(200)
  expect((await retire('hospitals/1')).status).toBe(200)
  expect((await retire('specialities/1')).status).toBe(200)
})

test('a session that is over keeps nobody in use', async () => {
  await aSession(catalogue.database)
  catalogue.setTime('2026-05-18 12:29:59')
  expect((await retire('consultants/1')).status).toBe(409)
  expect((await retire('hospitals/1')).status).toBe(409)
  catalogue.setTime('2026-05-18 12:30:00')
  expect((await retire('hospitals/1')).status).toBe(200)
  expect((await retire('consultants/1')).status).toBe(200)
})

test('nothing new stands on what is not there or is retired', async () => {
  await retire('consultants/2')
  await retire('specialities/2')
  const { consultants, schedules } = nouns
  expect(await post('consultants', consultants)).toMatchObject({
    status: 404,
    body: { reason: 'speciality_not_found' },
  })
  expect(await put('consultants/2', consultants)).toMatchObject({
    status: 404,
    body: { reason: 'speciality_not_found' },
  })
  expect(await post('consultants', { ...consultants, specialityId: 1, hospitalIds: [1, 77] })).toMatchObject({
    status: 404,
    body: { reason: 'hospital_not_found' },
  })
  await retire('hospitals/2')
  expect(await post('consultants', { ...consultants, specialityId: 1, hospitalIds: [2] })).toMatchObject({
    status: 404,
    body: { reason: 'hospital_not_found' },
  })
  expect(await catalogue.database.read('SELECT id FROM consultant')).toHaveLength(2)
  for (const different of [{ consultantId: 2 }, { consultantId: 77 }]) {
    expect(await post('schedules', { ...schedules, ...different })).toMatchObject({
      status: 404,
      body: { reason: 'consultant_not_found' },
    })
  }
  expect(await post('schedules', { ...schedules, hospitalId: 77 })).toMatchObject({
    body: { reason: 'hospital_not_found' },
  })
})

test('the hospitals of a consultant are those named, and those where a schedule of theirs is in use', async () => {
  const body = { ...nouns.consultants, specialityId: 1 }
  const added = await post('consultants', { ...body, hospitalIds: [1, 2, 2] })
  const id = added.body.data.id
  expect(added.body.data.hospitals).toEqual([
    { id: 1, name: 'City Hospital' },
    { id: 2, name: 'Lake Hospital' },
  ])
  expect((await put(`consultants/${id}`, body)).body.data.hospitals).toHaveLength(2)
  await post('schedules', { ...aSchedule, consultantId: id, hospitalId: 2 })
  expect((await put(`consultants/${id}`, { ...body, hospitalIds: [] })).body.data.hospitals).toEqual([
    { id: 2, name: 'Lake Hospital' },
  ])
})

test('a schedule says everything it was given, in the forms of the contract', async () => {
  const { body } = await post('schedules', {
    ...aSchedule,
    start: '00:00',
    end: '24:00',
    room: ' 3 ',
    startingNumber: 5,
    reservedNumbers: [13, 7, 7],
    fees: { local: { doctor: 0.1, hospital: 0.2 } },
    validFrom: '2026-05-18',
    validTo: '2026-05-18 00:00:00',
  })
  expect(body.data).toMatchObject({
    consultant: 'Dr A. Perera',
    weekday: 'Mon',
    start: '00:00',
    end: '24:00',
    room: '3',
    startingNumber: 5,
    reservedNumbers: [7, 13],
    fees: { local: { doctor: 0.1, hospital: 0.2, total: 0.3 }, foreign: { doctor: 0.1, hospital: 0.2, total: 0.3 } },
    validFrom: '2026-05-18 00:00:00',
    validTo: '2026-05-18 00:00:00',
  } as object)
  expect((await catalogue.get(on('schedules?consultantId=1&hospitalId=1'))).body.data).toEqual([body.data] as never)
  expect(await totalOf('schedules?consultantId=2')).toBe(0)
  expect(await totalOf('schedules?hospitalId=2')).toBe(0)
})

test('a schedule that ends before it begins, or with an amount finer than a cent, is refused', async () => {
  const faulty = {
    'body.end': { start: '12:30' },
    'body.start': { start: '24:00' },
    'body.validTo': { validFrom: '2026-05-19', validTo: '2026-05-18' },
    'body.validFrom': { validFrom: '2026-02-30' },
    'body.fees.local.doctor': { fees: { local: { doctor: 1.005, hospital: 0 } } },
    'body.fees.local.hospital': { fees: { local: { doctor: 1, hospital: 1e99 } } },
    'body.capacity': { capacity: -1 },
    'body.minutesPerPatient': { minutesPerPatient: 0 },
    'body.reservedNumbers.0': { reservedNumbers: [0] },
    'body.weekday': { weekday: 'daily' },
  }
  for (const [path, different] of Object.entries(faulty)) {
    const fields = expect.arrayContaining([expect.objectContaining({ path })])
    expect(await post('schedules', { ...aSchedule, ...different })).toMatchObject({
      status: 400,
      body: { fields },
    } as object)
  }
})
