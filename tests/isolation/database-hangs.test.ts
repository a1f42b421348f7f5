import { describe, expect, setDefaultTimeout, test } from 'bun:test'
import { mintKey } from '@channelling/access'
import { aHospital, aSession } from '../support/hospital'
import type { Reply } from '../support/reply'
import { type Server, startServer } from '../support/server'
import { type Services, startServices } from '../support/services'
import { startSqld } from '../support/sqld'

setDefaultTimeout(60_000)

/** How long callers wait at most, with a little for the machine: for a key that cannot be looked up, and whoever asks whether all is ready. */
const KEY_MS_MAX = 3_000
const READY_MS_MAX = 2_500
const RECOVERY_MS_MAX = 2_000

const seed = aHospital({ sessions: [aSession({ capacity: 0 })], patients: 1 })
const book = { sessionInstanceId: 1, patientId: 1 }

interface Whole {
  database: Services['database']
  server: Server
  [Symbol.asyncDispose](): Promise<void>
}

async function apart(): Promise<Whole> {
  const services = await startServices({ seed })
  const server = await startServer({ environment: services.environment, form: 'embedded' })
  return whole(services.database, server, services)
}

async function together(): Promise<Whole> {
  const database = await startSqld(seed)
  const server = await startServer({ environment: { DATABASE_URL: database.url }, form: 'embedded' })
  return whole(database, server, database)
}

const whole = (database: Services['database'], server: Server, rest: AsyncDisposable): Whole => ({
  database,
  server,
  async [Symbol.asyncDispose]() {
    await server[Symbol.asyncDispose]()
    await rest[Symbol.asyncDispose]()
  },
})

describe.each([
  { form: 'services in processes of their own', start: apart, answerMsMax: 11_000 },
  // a booking may wait for those before it, which are given up, and then for a connection of its own
  { form: 'everything in one process', start: together, answerMsMax: 13_000 },
])('with $form', ({ start, answerMsMax }) => {
  test('while the database server hangs everybody is told so in time, and all is back soon after it goes on', async () => {
    await using running = await start()
    const { database, server } = running
    const booking = () => server.call('POST', '/api/channel/bookings', book)
    const reading = () => server.call('GET', '/api/channel/bookings/patient/1')
    const aKey = () => server.as(mintKey())('GET', '/api/channel/consultants')
    const ready = () => server.call('GET', '/health/ready', undefined, { key: null })
    /** How long it takes until one is told that the database is away. */
    const waitOf = async (ask: () => Promise<Reply>) => {
      const began = performance.now()
      const { status, text } = await ask()
      expect([status, text]).toEqual([503, expect.any(String)])
      return performance.now() - began
    }
    /** Of those who ask over and over for a while. */
    const longestOf = async (ask: () => Promise<Reply>, forMs: number, everyMs: number) => {
      const until = performance.now() + forMs
      const waits: Promise<number>[] = []
      while (performance.now() < until) {
        waits.push(waitOf(ask))
        await Bun.sleep(everyMs)
      }
      return Math.max(...(await Promise.all(waits)))
    }
    const isBack = async () => {
      const began = performance.now()
      for (const ask of [booking, reading, ready]) while ((await ask()).status >= 300) await Bun.sleep(10)
      expect(performance.now() - began).toBeLessThan(RECOVERY_MS_MAX)
    }
    await isBack()

    database.hang()
    // of the first second are those whose key is remembered
    const [booked, read, keys, readiness] = await Promise.all([
      longestOf(booking, 11_000, 100),
      longestOf(reading, 11_000, 100),
      longestOf(aKey, 11_000, 200),
      longestOf(ready, 11_000, 200),
    ])
    expect(booked).toBeLessThan(answerMsMax)
    expect(read).toBeLessThan(answerMsMax)
    expect(keys).toBeLessThan(KEY_MS_MAX)
    expect(readiness).toBeLessThan(READY_MS_MAX)
    database.resume()
    await isBack()

    // shorter than anything takes to be given up
    database.hang()
    const waiting = [booking(), reading()]
    await Bun.sleep(3_000)
    database.resume()
    await isBack()
    await Promise.all(waiting)
  })
})
