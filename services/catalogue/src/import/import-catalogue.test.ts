import { afterEach, beforeEach, expect, test } from 'bun:test'
import type { Statement } from '@channelling/schema'
import { demoFolder, importCatalogue, publishSessions, readFolder } from '..'
import { type Catalogue, calendar, local, startCatalogue } from '../testing'
import type { CatalogueFiles } from './read-folder'

let catalogue: Catalogue
beforeEach(async () => {
  catalogue = await startCatalogue('2026-05-18 08:00:00')
})
afterEach(() => catalogue.close())

const HEAD =
  'consultant,hospital,weekday,start,end,room,capacity,startingNumber,reservedNumbers,minutesPerPatient,localDoctorFee,localHospitalFee,foreignDoctorFee,foreignHospitalFee,validFrom,validTo'
const ROW = 'R1,CITY,Mon,09:30,12:30,3,30,1,1;2;13,6,2000.00,500,4000,1000.5,,'

const small: CatalogueFiles = {
  hospitals: 'code,name,city,phone\nCITY,City Hospital,Colombo,\n',
  specialities: 'code,name,description\nCARD,Cardiology,Hearts\n',
  consultants: 'registration,title,name,qualification,speciality\nR1,Dr,A. Perera,MBBS,CARD\n',
  schedules: `${HEAD}\n${ROW}\n`,
}

const schedules = (...rows: string[]): CatalogueFiles => ({ ...small, schedules: [HEAD, ...rows].join('\n') })

/** The ordinary schedule with some of its columns different. */
const row = (different: Record<string, string>) =>
  HEAD.split(',')
    .map((column, at) => different[column] ?? ROW.split(',')[at])
    .join(',')

const bring = (files: CatalogueFiles, days?: number) =>
  importCatalogue({ database: catalogue.database, calendar, clock: catalogue.clock, currency: 'LKR' }, files, { days })

async function brought(files: CatalogueFiles, days?: number) {
  const done = await bring(files, days)
  if (!done.ok) throw new Error(JSON.stringify(done.faults))
  return done.report
}

async function faultsOf(files: CatalogueFiles) {
  const done = await bring(files)
  return done.ok ? [] : done.faults.map(({ file, line, reason }) => `${file}:${line} ${reason}`)
}

const tables = ['hospital', 'speciality', 'consultant', 'consultant_hospital', 'schedule', 'session', 'seat', 'event']
const contents = async () =>
  JSON.stringify(await Promise.all(tables.map((table) => catalogue.database.read(`SELECT * FROM ${table}`))))

test('an import brings the catalogue and publishes the sessions of the coming days, each with its event', async () => {
  const report = await brought(small)
  const created = { created: 1, changed: 0, unchanged: 0, retired: 0 }
  expect(report).toEqual({
    hospitals: created,
    specialities: created,
    consultants: created,
    schedules: created,
    sessions: { created: 5, unchanged: 0 },
  })
  const { data, page } = (await catalogue.get('/api/channel/sessions')).body
  expect(page.total).toBe(5)
  expect(data.map(({ startsAt }) => startsAt)).toEqual([
    '2026-05-18 09:30:00',
    '2026-05-25 09:30:00',
    '2026-06-01 09:30:00',
    '2026-06-08 09:30:00',
    '2026-06-15 09:30:00',
  ])
  expect(data[0]).toMatchObject({
    consultant: 'Dr A. Perera',
    endsAt: '2026-05-18 12:30:00',
    capacity: 30,
    nextNumber: 3,
    currency: 'LKR',
    fees: {
      local: { doctor: 2000, hospital: 500, total: 2500 },
      foreign: { doctor: 4000, hospital: 1000.5, total: 5000.5 },
    },
  })
  const { data: consultants } = (await catalogue.get('/api/channel/consultants')).body
  expect(consultants[0]!.hospitals).toEqual([{ id: 1, name: 'City Hospital' }])
  const events = await catalogue.database.read('SELECT type, session_id AS id, client_id, at FROM event ORDER BY seq')
  expect(events).toEqual(
    data.map(({ id }) => ({ type: 'session.published', id, client_id: null, at: catalogue.clock() })),
  )
})

test('a second run changes nothing, not even a version', async () => {
  await brought(small)
  const before = await contents()
  const report = await brought(small)
  const unchanged = { created: 0, changed: 0, unchanged: 1, retired: 0 }
  expect(report).toMatchObject({ hospitals: unchanged, schedules: unchanged, sessions: { created: 0, unchanged: 5 } })
  expect(await contents()).toBe(before)
})

test('what differs is changed, by its natural key; sessions that are there stay as they were published', async () => {
  await brought(small)
  const report = await brought({
    hospitals: small.hospitals.replace('Colombo', 'Kandy'),
    specialities: small.specialities.replace('Cardiology', 'Heart'),
    consultants: small.consultants.replace('Perera', 'Silva'),
    schedules: `${HEAD}\n${row({ capacity: '40', localDoctorFee: '3000' })}\n`,
  })
  const changed = { created: 0, changed: 1, unchanged: 0, retired: 0 }
  expect(report).toMatchObject({ hospitals: changed, specialities: changed, consultants: changed, schedules: changed })
  expect(report.sessions).toEqual({ created: 0, unchanged: 5 })
  const { data } = (await catalogue.get('/api/channel/sessions')).body
  expect(data[0]).toMatchObject({ id: 1, consultant: 'Dr A. Silva', speciality: 'Heart', capacity: 30 })
  catalogue.setTime('2026-06-16 08:00:00')
  expect((await brought(small, 7)).schedules).toEqual(changed)
  await brought(schedules(row({ capacity: '40' })), 7)
  expect((await catalogue.get('/api/channel/sessions')).body.data).toMatchObject([
    { startsAt: '2026-06-22 09:30:00', capacity: 30 },
  ])
})

test('two hospitals may swap their names in one import', async () => {
  const two = 'code,name\nA,First\nB,Second\n'
  await brought({ ...small, hospitals: `${two}CITY,City\n` })
  await brought({ ...small, hospitals: 'code,name\nA,Second\nB,First\nCITY,City\n' })
  expect(await catalogue.database.read('SELECT code, name FROM hospital ORDER BY code')).toEqual([
    { code: 'A', name: 'Second' },
    { code: 'B', name: 'First' },
    { code: 'CITY', name: 'City' },
  ])
})

test('with any fault nothing at all is written', async () => {
  const before = await contents()
  const done = await bring(schedules(ROW, row({ weekday: 'Tue', capacity: 'many' })))
  expect(done).toEqual({
    ok: false,
    faults: [{ file: 'schedules.csv', line: 3, reason: 'capacity must be a whole number from 0 to 100000' }],
  })
  expect(await contents()).toBe(before)
})

test('every fault of a row, of a file and of all files is told in one go', async () => {
  expect(
    await faultsOf({
      hospitals: 'code,name,city\nCITY,City,\nCITY,Town,\nLAKE,City,\n,Nameless,\nX,,\nonly\n',
      specialities: `code,name,description\nCARD,${'x'.repeat(201)},\n`,
      consultants:
        'registration,name,speciality\nR1,A. Perera,CARD\nR1,B. Silva,CARD\nR2,C. Dias,NONE\nR3,Bad \u0007 name,CARD\n',
      schedules: [
        HEAD,
        row({ consultant: 'R9', hospital: 'NONE' }),
        row({ weekday: 'Monday', start: '25:00', end: '9', capacity: '-1' }),
        row({
          weekday: 'Tue',
          minutesPerPatient: '0',
          localDoctorFee: '1e3',
          foreignDoctorFee: '2.505',
          validFrom: '2026-02-30',
        }),
        row({ weekday: 'Wed', start: '12:00', end: '12:00', capacity: 'x', reservedNumbers: '1,5;x' }),
        row({ weekday: 'Thu', validFrom: '2026-06-02', validTo: '2026-06-01', startingNumber: '0' }),
        row({ weekday: 'Fri', start: '24:00', end: '24:01', localHospitalFee: '', validTo: '9999-12-31' }),
        row({ weekday: 'Sat' }),
        row({ weekday: 'daily' }),
      ]
        .join('\n')
        .replace('1,5;x', '"1,5;x"'),
    }),
  ).toEqual([
    'hospitals.csv:3 code is given in line 2 already',
    'hospitals.csv:4 name is given in line 2 already',
    'hospitals.csv:5 code must not be empty',
    'hospitals.csv:6 name must not be empty',
    'hospitals.csv:7 has 1 fields where the header has 3',
    'specialities.csv:2 name must have at most 200 characters',
    'consultants.csv:3 registration is given in line 2 already',
    'consultants.csv:4 speciality is neither in specialities.csv nor in the database',
    'consultants.csv:5 name must not hold control characters',
    'schedules.csv:2 consultant is neither in consultants.csv nor in the database',
    'schedules.csv:2 hospital is neither in hospitals.csv nor in the database',
    'schedules.csv:3 weekday must be one of Mon, Tue, Wed, Thu, Fri, Sat, Sun, daily',
    'schedules.csv:3 start must be a time from 00:00 to 23:59',
    'schedules.csv:3 end must be a time from 00:00 to 24:00',
    'schedules.csv:3 capacity must be a whole number from 0 to 100000',
    'schedules.csv:4 minutesPerPatient must be a whole number from 1 to 1440',
    'schedules.csv:4 localDoctorFee must be an amount from 0 to 100000000, such as 2500 or 2500.50',
    'schedules.csv:4 foreignDoctorFee must be an amount from 0 to 100000000, such as 2500 or 2500.50',
    'schedules.csv:4 validFrom must be a date that exists, as yyyy-MM-dd',
    'schedules.csv:5 capacity must be a whole number from 0 to 100000',
    'schedules.csv:5 reservedNumbers must be numbers from 1 to 200000 with ; between them',
    'schedules.csv:5 end must be after start; midnight is 24:00',
    'schedules.csv:6 startingNumber must be a whole number from 1 to 100000',
    'schedules.csv:6 validTo must not be before validFrom',
    'schedules.csv:7 start must be a time from 00:00 to 23:59',
    'schedules.csv:7 end must be a time from 00:00 to 24:00',
    'schedules.csv:7 localHospitalFee must be an amount from 0 to 100000000, such as 2500 or 2500.50',
    'schedules.csv:7 validTo must be from 1800-01-01 to 2999-12-31',
    'schedules.csv:9 the consultant sits there at that time by line 8 already',
  ])
})

test('headers that are missing, unknown, repeated or incomplete are faults of their line', async () => {
  expect(
    await faultsOf({
      hospitals: '',
      specialities: 'code,name,colour\nCARD,Cardiology,red\n',
      consultants: '\n\nregistration,name,name\n',
      schedules: 'consultant,hospital\n',
    }),
  ).toEqual([
    'hospitals.csv:1 the header is missing: code,name,city,phone',
    'specialities.csv:1 column 3 is not one of code,name,description',
    'consultants.csv:3 column 3 repeats name',
    'consultants.csv:3 the column speciality is missing',
    ...[
      'weekday',
      'start',
      'end',
      'capacity',
      'minutesPerPatient',
      'localDoctorFee',
      'localHospitalFee',
      'foreignDoctorFee',
      'foreignHospitalFee',
    ].map((column) => `schedules.csv:1 the column ${column} is missing`),
  ])
})

test('quotes out of place are faults of their line, and nothing follows from them', async () => {
  expect(
    await faultsOf({
      ...small,
      hospitals: 'code,name\nCITY,"City\nLAKE,Lake\n',
      specialities: 'code,name\nCARD,Car"dio\nDERM,"Derma"tology\n',
    }),
  ).toEqual([
    'hospitals.csv:2 a quote is opened and never closed',
    'specialities.csv:2 a quote stands within a field that does not begin with one',
    'specialities.csv:3 a quoted field goes on after its closing quote; a quote within it is written twice',
  ])
})

test('a byte order mark, CRLF, quotes, empty lines and columns in another order do no harm', async () => {
  await brought({
    ...small,
    hospitals: '\ufeffname,code\r\n\r\n"City, ""the"" Hospital",CITY\r\n',
    consultants: '\ufeff"registration","name","speciality"\r\nR1, A. Perera ,CARD',
  })
  expect(await catalogue.database.read('SELECT name, code, city, phone FROM hospital')).toEqual([
    { name: 'City, "the" Hospital', code: 'CITY', city: null, phone: null },
  ])
  expect(await catalogue.database.read('SELECT name, title FROM consultant')).toEqual([
    { name: 'A. Perera', title: null },
  ])
})

test('references may lead to the database, and a name of another code there is a fault', async () => {
  await brought(small)
  const more = {
    hospitals: 'code,name\n',
    specialities: 'code,name\n',
    consultants: 'registration,name,speciality\nR2,B. Silva,CARD\n',
    schedules: `${HEAD}\n${row({ consultant: 'R2' })}\n${row({ weekday: 'Tue' })}\n`,
  }
  expect((await brought(more)).sessions.created).toBe(10)
  expect(await faultsOf({ ...more, hospitals: 'code,name\nTOWN,City Hospital\n' })).toEqual([
    'hospitals.csv:2 name belongs to a hospital of another code',
  ])
})

test('what somebody retired stays retired, and nothing new may stand on it', async () => {
  await brought(small, 1)
  for (const table of ['schedule', 'consultant', 'speciality']) {
    await catalogue.database.write([{ sql: `UPDATE ${table} SET retired_at = 1`, args: [] }])
  }
  const retired = { created: 0, changed: 0, unchanged: 0, retired: 1 }
  expect(await brought(small)).toMatchObject({
    specialities: retired,
    consultants: retired,
    schedules: retired,
    sessions: { created: 0 },
  })
  expect(
    await faultsOf({
      ...schedules(ROW, row({ weekday: 'Tue' })),
      consultants: 'registration,name,speciality\nR1,A. Perera,CARD\nR2,B. Silva,CARD\n',
    }),
  ).toEqual(['consultants.csv:3 speciality is retired', 'schedules.csv:3 consultant is retired'])
})

test('what is over is not published, what is still on is; a validity keeps to its days, both included', async () => {
  catalogue.setTime('2026-05-18 12:29:59')
  expect((await brought(small, 1)).sessions.created).toBe(1)
  await brought(
    schedules(row({ weekday: 'daily', start: '13:00', end: '24:00', validFrom: '2026-05-20', validTo: '2026-05-22' })),
    30,
  )
  const { data } = (await catalogue.get('/api/channel/sessions?fromDate=2026-05-19&toDate=2026-05-24')).body
  expect(data.map(({ startsAt, endsAt }) => `${startsAt} ${endsAt}`)).toEqual([
    '2026-05-20 13:00:00 2026-05-21 00:00:00',
    '2026-05-21 13:00:00 2026-05-22 00:00:00',
    '2026-05-22 13:00:00 2026-05-23 00:00:00',
  ])
  const other = await startCatalogue('2026-05-18 12:30:00')
  const done = await importCatalogue(
    { database: other.database, calendar, clock: other.clock, currency: 'LKR' },
    small,
    { days: 1 },
  )
  await other.close()
  expect(done).toMatchObject({ ok: true, report: { sessions: { created: 0 } } })
})

test('sessions of schedules made elsewhere are published by the next publication, once', async () => {
  await brought(small, 1)
  const dependencies = { database: catalogue.database, calendar, clock: catalogue.clock, currency: 'LKR' }
  expect(await publishSessions(dependencies, { days: 8 })).toEqual({ created: 1, unchanged: 1 })
  expect(await publishSessions(dependencies, { days: 8 })).toEqual({ created: 0, unchanged: 2 })
})

test('two imports at once publish every session once, with one event each', async () => {
  const [one, two] = await Promise.all([brought(small), brought(small)])
  expect(one.sessions.created + two.sessions.created).toBe(5)
  expect(await catalogue.database.read('SELECT count(*) AS sessions FROM session')).toEqual([{ sessions: 5 }])
  expect(await catalogue.database.read('SELECT count(*) AS events FROM event')).toEqual([{ events: 5 }])
})

/** Publishes the sessions of 15 days; what is given is written after it has read what there is, and before it writes. */
const publishedAround = ({ database, clock }: Catalogue, between: Statement[]) =>
  publishSessions(
    {
      database: {
        ...database,
        async write(statements, options) {
          await database.write(between)
          return database.write(statements, options)
        },
      },
      calendar,
      clock,
      currency: 'LKR',
    },
    { days: 15 },
  )

const twoOfEach = {
  ...schedules(ROW, row({ consultant: 'R2', hospital: 'LAKE' })),
  hospitals: `${small.hospitals}LAKE,Lake Hospital,Kandy,\n`,
  consultants: `${small.consultants}R2,Dr,B. Silva,MBBS,CARD\n`,
}

const events = () =>
  catalogue.database.read(
    `SELECT s.consultant_id AS consultant, s.starts_at AS startsAt FROM event e JOIN session s ON s.id = e.session_id
      WHERE e.type = 'session.published' ORDER BY consultant, startsAt`,
  )

for (const table of ['schedule', 'consultant', 'hospital']) {
  test(`of a ${table} that is retired while sessions are being published none is, and those of others are`, async () => {
    await brought(twoOfEach, 1)
    const done = await publishedAround(catalogue, [
      { sql: `UPDATE ${table} SET retired_at = ? WHERE id = 1`, args: [catalogue.clock()] },
    ])
    expect(done).toEqual({ created: 2, unchanged: 2 })
    expect(await catalogue.database.read('SELECT count(*) AS sessions FROM session')).toEqual([{ sessions: 4 }])
    expect(await events()).toEqual([
      { consultant: 1, startsAt: local('2026-05-18 09:30:00') },
      { consultant: 2, startsAt: local('2026-05-18 09:30:00') },
      { consultant: 2, startsAt: local('2026-05-25 09:30:00') },
      { consultant: 2, startsAt: local('2026-06-01 09:30:00') },
    ])
  })
}

test('a session published by hand where a schedule is then retired is not told of by the publication', async () => {
  await brought(small, 1)
  const [byHand, retired] = [
    `INSERT INTO session (consultant_id, hospital_id, currency, starts_at, ends_at, capacity, minutes_per_patient,
        local_doctor_fee, local_hospital_fee, foreign_doctor_fee, foreign_hospital_fee)
      SELECT consultant_id, hospital_id, currency, ?, ?, 1, 1, 0, 0, 0, 0 FROM session`,
    'UPDATE schedule SET retired_at = 1',
  ]
  await publishedAround(catalogue, [
    { sql: byHand, args: [local('2026-05-25 09:30:00'), local('2026-05-25 12:30:00')] },
    { sql: retired, args: [] },
  ])
  expect(await catalogue.database.read('SELECT count(*) AS sessions FROM session')).toEqual([{ sessions: 2 }])
  expect(await events()).toEqual([{ consultant: 1, startsAt: local('2026-05-18 09:30:00') }])
})

test('a folder without its files, or with one that is no text, tells every one of them', async () => {
  const folder = `${catalogue.folder}/incomplete`
  await Bun.write(`${folder}/hospitals.csv`, small.hospitals)
  await Bun.write(`${folder}/consultants.csv`, new Uint8Array([0xff, 0xfe, 0x41]))
  expect(await readFolder(folder)).toEqual({
    ok: false,
    faults: [
      { file: 'specialities.csv', line: 1, reason: 'the file is missing' },
      { file: 'consultants.csv', line: 1, reason: 'the file is not UTF-8 text' },
      { file: 'schedules.csv', line: 1, reason: 'the file is missing' },
    ],
  })
  expect(await readFolder(`${folder}/nowhere`)).toMatchObject({ ok: false, faults: { length: 4 } })
})

test('a hundred thousand sessions are published in one go, with progress', async () => {
  const consultants = Array.from({ length: 3400 }, (_, at) => `R${at}`)
  const lines: string[] = []
  const files = {
    ...small,
    consultants: ['registration,name,speciality', ...consultants.map((one) => `${one},Name of ${one},CARD`)].join('\n'),
    schedules: [HEAD, ...consultants.map((consultant) => row({ consultant, weekday: 'daily' }))].join('\n'),
  }
  const began = performance.now()
  const done = await importCatalogue(
    { database: catalogue.database, calendar, clock: catalogue.clock, currency: 'LKR' },
    files,
    {
      onProgress: (line) => void lines.push(line),
    },
  )
  const seconds = (performance.now() - began) / 1000
  expect(done).toMatchObject({ ok: true, report: { sessions: { created: 102_000, unchanged: 0 } } })
  expect(lines.length).toBeGreaterThan(5)
  expect(await catalogue.database.read('SELECT count(*) AS events FROM event')).toEqual([{ events: 102_000 }])
  const again = performance.now()
  expect(await brought(files)).toMatchObject({ sessions: { created: 0, unchanged: 102_000 } })
  console.log(`102 000 sessions: ${seconds.toFixed(1)} s, again ${((performance.now() - again) / 1000).toFixed(1)} s`)
}, 120_000)

test('the demo folder imports without a fault, as the first minute needs it', async () => {
  const read = await readFolder(demoFolder)
  if (!read.ok) throw new Error(JSON.stringify(read.faults))
  const report = await brought(read.files)
  expect(report.hospitals.created).toBe(3)
  expect(report.specialities.created).toBeGreaterThanOrEqual(45)
  expect(report.consultants.created).toBe(40)
  const [found] = await catalogue.database.read<Record<string, number>>(
    `SELECT count(DISTINCT weekday) AS weekdays, sum(reserved_numbers <> '[]') > 0 AS reserving,
      sum(local_doctor_fee + local_hospital_fee + foreign_doctor_fee + foreign_hospital_fee = 0) > 0 AS free,
      count(DISTINCT CASE WHEN capacity = 0 THEN hospital_id END) AS walkIns FROM schedule`,
  )
  expect(found).toEqual({ weekdays: 7, reserving: 1, free: 1, walkIns: 3 })
  expect(await brought(read.files)).toMatchObject({ sessions: { created: 0 }, schedules: { created: 0, changed: 0 } })
})

test('with the demo catalogue something can be booked in every hospital at any hour of any day', async () => {
  catalogue.setTime('2026-05-18 00:00:00')
  const read = await readFolder(demoFolder)
  if (!read.ok) throw new Error(JSON.stringify(read.faults))
  await brought(read.files)
  for (let day = 18; day < 25; day++) {
    for (let hour = 0; hour < 24; hour++) {
      for (const minute of ['00:00', '59:59']) {
        const moment = `2026-05-${day} ${String(hour).padStart(2, '0')}:${minute}`
        catalogue.setTime(moment)
        const query = `bookable=true&fromDate=2026-05-${day}&toDate=${moment.replace(' ', '%20')}&size=200`
        const { data } = (await catalogue.get(`/api/channel/sessions?${query}`)).body
        const open = data.filter(({ endsAt }) => local(endsAt) > catalogue.clock())
        expect(new Set(open.map(({ hospitalId }) => hospitalId)).size, moment).toBe(3)
      }
    }
  }
}, 60_000)
