import { expect, setDefaultTimeout, test } from 'bun:test'
import { MINUTE_MS } from '@channelling/contract'
import { Glob } from 'bun'
import { type Desk, startDesk } from '../support/desk'
import { aHospital, aSession } from '../support/hospital'

setDefaultTimeout(60_000)

const store = `${import.meta.dir}/../../services/bookings/src/store`
const HOSPITAL = 1
const PORTAL = 2

/** Makes the desk ask everything that bookings are read by. */
async function askEverything(desk: Desk): Promise<void> {
  const call = async (method: string, path: string, body?: object, client = HOSPITAL) => {
    const headers: Record<string, string> = path.startsWith('bookings') ? { 'idempotency-key': `k-${++keys}` } : {}
    const { status, body: answer } = await desk.call(method, `/api/channel/${path}`, body, { client, headers })
    expect(`${method} ${path} ${status}`).toMatch(/ 20[01]$/)
    return answer.data
  }
  let keys = 0
  const book = (more: object, client = HOSPITAL) =>
    call('POST', 'bookings', { sessionInstanceId: 1, patientId: 1, ...more }, client)
  const { id } = await book({ reference: 'R-1', number: 3 })
  const held = await book({ hold: true }, PORTAL)
  await call('PUT', `bookings/${held.id}/complete`, {}, PORTAL)
  await call('PUT', `bookings/${held.id}/reschedule`, { sessionInstanceId: 2 }, PORTAL)
  await call('PUT', `bookings/${id}/cancel`, {})
  await book({ hold: true })
  for (const path of [`bookings/${held.id}`, `bookings/${held.id}/history`, 'bookings/patient/1', 'sessions/1']) {
    await call('GET', path)
  }
  // a hold that ran out, and a session that was cancelled
  desk.time.now += 30 * MINUTE_MS
  await call('DELETE', 'sessions/2')
  desk.sweep()
  const open = "SELECT 1 FROM booking WHERE status = 'PENDING' OR (session_id = 2 AND status = 'ACTIVE')"
  for (const until = Date.now() + 10_000; (await desk.database.read(open)).length > 0; await Bun.sleep(5)) {
    expect(Date.now()).toBeLessThan(until)
  }
}

/** Whether a step of a plan goes through a table from one end to the other. */
const isOfTable = (step: string) =>
  /^SCAN /.test(step) && !/^SCAN (j|touched|moment|json_each|CONSTANT ROW)\b/.test(step)

/** The places in the source where a statement begins, by its first words. */
async function statementsIn(file: string): Promise<string[]> {
  const text = await Bun.file(`${store}/${file}`).text()
  return [...text.matchAll(/[`'](SELECT [^`]*?)(?:`|',|'\))/g)].map(([, sql]) => sql!)
}

const squeezed = (sql: string) => sql.replace(/\s+/g, ' ').trim()

/** Whether a statement that was sent is one of the source, whose `${…}` stand for anything. */
const isSent = (written: string, asked: ReadonlySet<string>) => {
  const pattern = squeezed(written)
    .split(/\$\{[^}]*\}/)
    .map((part) => part.replace(/[.*+?^$()|[\]{}\\]/g, '\\$&'))
    .join('.*')
  const like = new RegExp(`(^|[( ])${pattern}`)
  return [...asked].some((sql) => like.test(squeezed(sql)))
}

test('whatever bookings read of the tables that grow is read by an index, and holds are counted from the index alone', async () => {
  await using desk = await startDesk({
    seed: aHospital({ sessions: [aSession({ reservedNumbers: [3] }), aSession()], patients: 2 }),
    clients: [
      { name: 'Hospital', access: 'all' },
      { name: 'Portal', access: 'own' },
    ],
    holdsPerClient: 5,
    sweeping: 'when asked',
  })
  await askEverything(desk)

  // nothing that the source says has been left out
  const files = ['load.ts', 'reads.ts']
  expect([...new Glob('*.ts').scanSync(store)]).toEqual(expect.arrayContaining(files))
  const written = (await Promise.all(files.map(statementsIn))).flat()
  expect(written.length).toBeGreaterThan(15)
  expect(written.filter((sql) => !isSent(sql, desk.asked))).toEqual([])

  const plans = await Promise.all(
    [...desk.asked].map(async (sql) => {
      const steps = await desk.database.read<{ detail: string }>(`EXPLAIN QUERY PLAN ${sql}`)
      return { sql: squeezed(sql), steps: steps.map(({ detail }) => detail) }
    }),
  )
  // what is listed in an argument is gone through, and nothing else, be it by way of an index
  const scans = plans.flatMap(({ sql, steps }) => steps.filter(isOfTable).map((step) => `${step} in ${sql}`))
  expect(scans).toEqual([])
  const counting = plans.filter(({ sql }) => sql.includes('INDEXED BY booking_by_holder'))
  expect(counting).toHaveLength(2)
  for (const { steps } of counting) {
    expect(steps.join('; ')).toMatch(/SEARCH b USING COVERING INDEX booking_by_holder \(client_id=\?/)
  }
})
