import { afterAll, beforeAll, expect, setDefaultTimeout, test } from 'bun:test'
import { copyDatabase, type Database, open } from '@channelling/schema'
import { until } from '../support/event-stream'
import { aHospital, aSession } from '../support/hospital'
import { type Replicated, startReplicated } from '../support/read-replica'
import { type Server, startServer } from '../support/server'
import { startServices } from '../support/services'
import { startSqld } from '../support/sqld'

setDefaultTimeout(60_000)

let replicated: Replicated
let database: Database
let server: Server
/** What was said of the replica, in order. */
const said: boolean[] = []
beforeAll(async () => {
  replicated = await startReplicated(aHospital({ sessions: [aSession({ capacity: 0 })], patients: 2 }))
  const environment = { DATABASE_URL: replicated.primary.url, DATABASE_READ_URL: replicated.readUrl }
  database = await open(
    { url: replicated.primary.url, readUrl: replicated.readUrl },
    { onReadReplica: (serves) => said.push(serves) },
  )
  server = await startServer({ environment })
})
afterAll(async () => {
  await server?.[Symbol.asyncDispose]()
  await database?.close()
  await replicated?.[Symbol.asyncDispose]()
})

let added = 0
/** Adds a hospital through one way to the database, and says how many there are by the other. */
async function addAndList(): Promise<{ added: string; listed: string[] }> {
  const name = `Hospital ${++added}`
  await database.write([{ sql: 'INSERT INTO hospital (name, code) VALUES (?, ?)', args: [name, `H${added}`] }])
  const rows = await database.read<{ name: string }>('SELECT name FROM hospital')
  return { added: name, listed: rows.map((row) => row.name) }
}

/** What the replica itself has, however old that is. */
async function onReplica(sql: string): Promise<string> {
  const body = JSON.stringify({ baton: null, requests: [{ type: 'execute', stmt: { sql } }, { type: 'close' }] })
  const answer = await fetch(`${replicated.replica.url}/v2/pipeline`, { method: 'POST', body })
  const { results } = (await answer.json()) as { results: { response: { result: { rows: { value: string }[][] } } }[] }
  return results[0]!.response.result.rows[0]![0]!.value
}

const served = async (work: () => Promise<unknown>) => {
  const before = replicated.answered()
  await work()
  return replicated.answered() - before
}

/** Until the replica answers a reading, at the first time: it is asked once more where it is a moment behind. */
const readsThere = () => until(async () => (await served(() => database.read('SELECT 1'))) === 1)

const servesAgain = () => until(async () => said.at(-1) !== false)

test('the replica reads, and no reading misses a write that was done before it, typed, plain or several at once', async () => {
  for (let time = 0; time < 50; time++) {
    const { added, listed } = await addAndList()
    expect(listed).toContain(added)
  }
  await servesAgain()
  await readsThere()
  const [one, two] = await database.readAll([
    { sql: 'SELECT count(*) AS n FROM hospital', args: [] },
    { sql: 'SELECT count(*) AS n FROM patient', args: [] },
  ])
  expect([one, two]).toEqual([[{ n: 51 }], [{ n: 2 }]])
  await expect(database.read('SELECT nothing FROM nowhere')).rejects.toMatchObject({ name: 'DatabaseFault' })
  await servesAgain()
})

test('a client sees at once what it wrote, in every list, while the replica is far behind', async () => {
  const book = () => server.call('POST', '/api/channel/bookings', { sessionInstanceId: 1, patientId: 1 })
  const speciality = (name: string) => server.call('POST', '/api/channel/specialities', { name, code: name })
  const expectSeen = async (name: string) => {
    expect((await speciality(name)).status).toBe(201)
    const { body } = await server.call('GET', `/api/channel/specialities?query=${name}`)
    expect(body.data.map((found: { name: string }) => found.name)).toEqual([name])
    const booked = await book()
    expect(booked.status).toBe(201)
    expect((await server.call('GET', `/api/channel/bookings/${booked.body.data.id}`)).status).toBe(200)
    const session = await server.call('GET', '/api/channel/sessions/1')
    expect(session.body.data.nextNumber).toBe(booked.body.data.number + 1)
    const ofPatient = await server.call('GET', '/api/channel/bookings/patient/1')
    expect(ofPatient.body.data[0].id).toBe(booked.body.data.id)
  }
  await expectSeen('Before')
  replicated.holdUp()
  try {
    await expectSeen('Neurology')
    const { added, listed } = await addAndList()
    expect(listed).toContain(added)
    expect(await onReplica("SELECT count(*) FROM speciality WHERE name = 'Neurology'")).toBe('0')
    expect(said.at(-1)).toBe(false)
    const begun = performance.now()
    await addAndList()
    // it is left alone meanwhile, and costs nobody anything
    expect(performance.now() - begun).toBeLessThan(90)
  } finally {
    replicated.letThrough()
  }
  await servesAgain()
  await readsThere()
  expect(await onReplica("SELECT count(*) FROM speciality WHERE name = 'Neurology'")).toBe('1')
  expect(server.output()).toContain('"serves":false,"msg":"the read replica"')
})

test('a replica that is killed, or hangs, is done without, and used again when it is back', async () => {
  await replicated.replica.kill()
  expect((await addAndList()).listed).toContain(`Hospital ${added}`)
  expect((await server.call('GET', '/api/channel/hospitals')).body.page.total).toBe(added + 1)
  await replicated.replica.start()
  await servesAgain()

  process.kill(replicated.replica.pid, 'SIGSTOP')
  const begun = performance.now()
  expect((await addAndList()).listed).toContain(`Hospital ${added}`)
  expect(performance.now() - begun).toBeLessThan(3000)
  process.kill(replicated.replica.pid, 'SIGCONT')
  await servesAgain()
})

test('after the primary was killed, which begins its log anew, nothing old is taken for new', async () => {
  await replicated.primary.kill()
  await expect(database.read('SELECT 1')).rejects.toMatchObject({ cause: { reason: 'service_unavailable' } })
  await replicated.primary.start()
  for (let time = 0; time < 20; time++) {
    const { added, listed } = await addAndList()
    expect(listed).toContain(added)
  }
  await servesAgain()
  expect((await addAndList()).listed).toHaveLength(added + 1)
})

test('after the database moved, the server that it came from is no replica of it, and is done without for as long as it is asked', async () => {
  await using left = await startSqld(aHospital({ sessions: [] }))
  const old = await open({ url: left.url })
  const name = (is: string) => ({ sql: 'UPDATE hospital SET name = ?', args: [is] })
  for (let time = 0; time < 20; time++) await old.write([name(`Old ${time}`)])
  await old.close()
  await using taken = await startSqld()
  await copyDatabase({ url: left.url }, { url: taken.url })

  const said: unknown[] = []
  const moved = await open(
    { url: taken.url, readUrl: left.url },
    { onReadReplica: (serves, what) => said.push([serves, what]) },
  )
  await using gateway = await startServer({ environment: { DATABASE_URL: taken.url, DATABASE_READ_URL: left.url } })
  for (let time = 0; time < 30; time++) {
    await moved.write([name(`New ${time}`)])
    expect(await moved.read('SELECT name FROM hospital')).toEqual([{ name: `New ${time}` }])
    const { body } = await gateway.call('GET', '/api/channel/hospitals/1')
    expect(body.data.name).toBe(`New ${time}`)
    // so long that it is tried again meanwhile
    await Bun.sleep(100)
  }
  expect(said).toEqual([[false, 'it is of another database']])
  expect(gateway.output().match(/"serves"/g)).toHaveLength(1)
  await moved.close()
})

test('a service whose read replica is of another database says so in its log', async () => {
  await using other = await startSqld(aHospital({ sessions: [] }))
  await using services = await startServices({
    seed: aHospital({ sessions: [] }),
    environment: { DATABASE_READ_URL: other.url },
  })
  const [catalogue] = services.processes.catalogue
  const line = '"serves":false,"what":"it is of another database","msg":"the read replica"'
  await until(async () => catalogue!.output().includes(line))
})
