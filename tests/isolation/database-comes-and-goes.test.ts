import { expect, setDefaultTimeout, test } from 'bun:test'
import { aHospital } from '../support/hospital'
import { startServer } from '../support/server'
import { startServices } from '../support/services'

setDefaultTimeout(60_000)

const AWAY =
  /"level":"warn",.*"code":"[A-Z_]+","msg":"the database server is away: what needs it is refused until it is back"/g
const BACK = /"level":"info",.*"msg":"the database server is back"/g

test('each process says once that the database server is away, and once that it is back, whoever finds out', async () => {
  await using services = await startServices({ seed: aHospital() })
  const { database, processes, environment } = services
  // everything but patients runs in it, and has the database open a second time for lists
  const { PATIENTS_URL, DATABASE_URL, INTERNAL_SECRET } = environment as Record<string, string>
  await using server = await startServer({
    environment: {
      PATIENTS_URL: PATIENTS_URL!,
      DATABASE_URL: DATABASE_URL!,
      INTERNAL_SECRET: INTERNAL_SECRET!,
      DATABASE_READ_URL: DATABASE_URL!,
    },
    form: 'embedded',
  })
  const all = [server, ...Object.values(processes).flat()]
  const counted = () =>
    all.map(({ url, output }) => [url, output().match(AWAY)?.length ?? 0, output().match(BACK)?.length ?? 0])
  const each = (away: number, back: number) => all.map(({ url }) => [url, away, back])
  /** Asks all of them, in vain or not, until they have said so. */
  async function until(said: unknown[]): Promise<void> {
    do {
      await Promise.all([
        ...all.map(({ url }) => fetch(`${url}/health/ready`)),
        server.call('GET', '/api/channel/hospitals'),
      ])
    } while (!Bun.deepEquals(counted(), said))
  }
  expect(counted()).toEqual(each(0, 0))
  await database.kill()
  await until(each(1, 0))
  // what is asked in vain after that is no news
  await until(each(1, 0))
  await database.start()
  await until(each(1, 1))
  await database.kill()
  await until(each(2, 1))
  await database.start()
  await until(each(2, 2))
})
