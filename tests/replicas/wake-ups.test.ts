import { expect, setDefaultTimeout, test } from 'bun:test'
import { isReady, streamed, until } from '../support/event-stream'
import { aHospital, aSession } from '../support/hospital'
import { startNats } from '../support/nats'
import { type Server, startServer } from '../support/server'
import { startServices } from '../support/services'
import { subscribe } from '../support/socket'

setDefaultTimeout(60_000)

const seed = aHospital({ sessions: [aSession({ capacity: 0 }), aSession({ capacity: 0 })] })

const book = async (server: Server, sessionInstanceId = 1) => {
  const answer = await server.call('POST', '/api/channel/bookings', { sessionInstanceId, patientId: 1 })
  expect(answer.status).toBe(201)
  return answer.body.data.id as number
}

/** How long screens wait for a booking that has been answered, in milliseconds, several times over. */
async function delays(server: Server, times: number): Promise<number[]> {
  const screen = await subscribe(server)
  const taken: number[] = []
  for (let time = 1; time <= times; time++) {
    await book(server)
    const answered = performance.now()
    await screen.got(time)
    taken.push(performance.now() - answered)
    // at another moment between two looks
    await Bun.sleep(Math.random() * 100)
  }
  screen.close()
  return taken
}

const median = (numbers: number[]) => numbers.toSorted((a, b) => a - b)[Math.floor(numbers.length / 2)]!

test('a booking made in one process wakes another at once; without NATS it is seen all the same, and with it back at once again', async () => {
  await using nats = await startNats()
  await using services = await startServices({ seed, environment: { NATS_URL: nats.url } })
  await using server = await startServer({ environment: { ...services.environment, NATS_URL: nats.url } })
  const { bookings, notifications } = services.processes
  const processes = [server.url, ...[...bookings, ...notifications].map(({ url }) => url)]
  await until(async () => (await Promise.all(processes.map((url) => isReady(url, [])))).every(Boolean))
  const woken = await delays(server, 12)
  expect(median(woken)).toBeLessThan(100)

  await nats.kill()
  await until(async () => (await Promise.all(processes.map((url) => isReady(url, ['nats'])))).every(Boolean))
  const unwoken = await delays(server, 8)
  expect(Math.max(...unwoken)).toBeLessThan(1500)
  // or it would not have been the hints
  expect(median(unwoken)).toBeGreaterThan(median(woken))

  await nats.start()
  await until(async () => (await Promise.all(processes.map((url) => isReady(url, [])))).every(Boolean))
  expect(median(await delays(server, 12))).toBeLessThan(100)
  for (const output of [server.output(), bookings[0]!.output()]) {
    expect(output.match(/NATS is away/g)).toHaveLength(1)
    expect(output.match(/NATS is back/g)).toHaveLength(1)
  }
})

test('one process with everything in it starts without NATS, books all the while, and fills the stream once NATS is there', async () => {
  await using nats = await startNats()
  await nats.kill()
  await using server = await startServer({ seed, environment: { NATS_URL: nats.url } })
  await until(() => isReady(server.url, ['nats']))
  const screen = await subscribe(server)
  for (let time = 0; time < 5; time++) await book(server)
  await screen.got(5, 1500)
  await nats.start()
  await until(() => isReady(server.url, []))
  expect((await streamed(nats, 5)).map(({ body }) => body.type)).toEqual(Array(5).fill('booking.completed'))
  await book(server)
  expect(await streamed(nats, 6)).toHaveLength(6)
  // what hangs is given up too, and holds nobody up
  nats.hang()
  const begun = performance.now()
  await book(server)
  expect(performance.now() - begun).toBeLessThan(1000)
  await until(() => isReady(server.url, ['nats']))
  nats.resume()
  expect(await streamed(nats, 7)).toHaveLength(7)
  screen.close()
})
