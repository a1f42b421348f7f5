import { expect, setDefaultTimeout, test } from 'bun:test'
import { DAY_MS } from '@channelling/contract'
import { type Database, open } from '@channelling/schema'
import { startHeldWrites } from '../support/held-write'
import { aHospital } from '../support/hospital'
import { type ServiceProcess, startServices } from '../support/services'

setDefaultTimeout(120_000)

const CONSULTANTS = 5
const DAYS = 30
/** From when the one at work is no more. */
const TAKEN_OVER_MS_MAX = 20_000

/** Gives so many more consultants a schedule for every day of the week. @returns the first of them */
async function moreSchedules(database: Database): Promise<number> {
  const [{ last }] = (await database.read<{ last: number }>('SELECT coalesce(max(id), 0) AS last FROM consultant')) as [
    { last: number },
  ]
  const numbers = JSON.stringify(Array.from({ length: CONSULTANTS }, (_, index) => last + 1 + index))
  await database.write([
    {
      sql: `INSERT INTO consultant (id, name, title, registration, speciality_id)
        SELECT value, 'Consultant ' || value, 'Dr', 'SLMC ' || value, 1 FROM json_each(?)`,
      args: [numbers],
    },
    {
      sql: 'INSERT INTO consultant_hospital (consultant_id, hospital_id) SELECT value, 1 FROM json_each(?)',
      args: [numbers],
    },
    {
      sql: `INSERT INTO schedule (consultant_id, hospital_id, weekday, start_minute, duration_minutes, capacity,
          minutes_per_patient, local_doctor_fee, local_hospital_fee, foreign_doctor_fee, foreign_hospital_fee)
        SELECT c.value, 1, d.value, 1380, 60, 20, 6, 1, 1, 1, 1 FROM json_each(?) c, json_each('[1,2,3,4,5,6,7]') d`,
      args: [numbers],
    },
  ])
  return last + 1
}

interface Published {
  consultant: number
  startsAt: number
  told: number
}

const publishedSince = (database: Database, consultant: number) =>
  database.read<Published & Record<string, unknown>>(
    `SELECT s.consultant_id AS consultant, s.starts_at AS startsAt,
        (SELECT count(*) FROM event e WHERE e.session_id = s.id AND e.type = 'session.published') AS told
      FROM session s WHERE s.consultant_id >= ? ORDER BY s.consultant_id, s.starts_at`,
    [consultant],
  )

async function until(isSo: () => boolean | Promise<boolean>): Promise<void> {
  const deadline = performance.now() + TAKEN_OVER_MS_MAX
  while (!(await isSo())) {
    if (performance.now() > deadline) throw new Error('It did not come to pass')
    await Bun.sleep(20)
  }
}

const hasPublished = ({ output }: ServiceProcess) => output().includes('sessions published')

test('of two processes that publish sessions one is killed or stands still at its write: every session is there once, and told of once', async () => {
  await using services = await startServices({ seed: aHospital({ sessions: [] }), replicas: { catalogue: 2 } })
  const { catalogue } = services.processes
  const networks = [await startHeldWrites(services.database.url), await startHeldWrites(services.database.url)]
  await using closing = new AsyncDisposableStack()
  for (const network of networks) closing.use(network)
  const database = await open({ url: services.database.url })
  closing.defer(() => database.close())

  const mishaps = [
    { held: 'request', killed: true },
    { held: 'answer', killed: true },
    { held: 'request', killed: false },
  ] as const
  for (const { held, killed } of mishaps) {
    await Promise.all(catalogue.map((one) => one.stop()))
    const consultant = await moreSchedules(database)
    const caught = Promise.race(
      networks.map((network, index) => network.hold(held, 'INSERT INTO session ').then(() => index)),
    )
    await Promise.all(catalogue.map((one, index) => one.start({ DATABASE_URL: networks[index]!.url })))
    const index = await caught
    for (const network of networks) network.withdraw()
    const [worker, other] = [catalogue[index]!, catalogue[1 - index]!]
    if (killed) await worker.kill()
    else worker.hang()
    const stopped = performance.now()
    expect(await publishedSince(database, consultant)).toHaveLength(held === 'answer' ? CONSULTANTS * DAYS : 0)
    await until(() => hasPublished(other))
    const after = Math.round(performance.now() - stopped)
    console.log(`${killed ? 'killed' : 'standing still'} with its ${held} on the way: taken over after ${after} ms`)
    // that arrives after all
    networks[index]!.release()
    if (!killed) {
      worker.resume()
      await until(() => /sessions (published|could not be published)/.test(worker.output()))
    }

    const published = await publishedSince(database, consultant)
    expect(published.filter(({ told }) => told !== 1)).toEqual([])
    const consultants = Map.groupBy(published, (session) => session.consultant)
    expect(consultants.size).toBe(CONSULTANTS)
    for (const sessions of consultants.values()) {
      const [first] = sessions
      expect(sessions.map(({ startsAt }) => startsAt)).toEqual(
        Array.from({ length: DAYS }, (_, day) => first!.startsAt + day * DAY_MS),
      )
    }
  }
})
