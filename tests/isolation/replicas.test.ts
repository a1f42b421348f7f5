import { expect, setDefaultTimeout, test } from 'bun:test'
import { open } from '@channelling/schema'
import { aHospital, aSession } from '../support/hospital'
import { startServer } from '../support/server'
import { startServices } from '../support/services'

setDefaultTimeout(60_000)

const CAPACITY = 120

test('of three replicas that sell one session, one is killed and one hangs: every place is sold once, and none is refused for it', async () => {
  await using services = await startServices({
    seed: aHospital({ sessions: [aSession({ capacity: CAPACITY }), aSession({ capacity: 0 })], patients: 3 }),
    replicas: { bookings: 3 },
  })
  await using server = await startServer({ environment: services.environment })
  let sold = 0
  let next = 0
  const refusals: string[] = []
  /** Books until the session is full, each place with a key of its own, and asks again where it is told to. */
  const caller = async () => {
    for (;;) {
      const headers = { 'idempotency-key': `place-${next++}` }
      for (;;) {
        const asked = { sessionInstanceId: 1, patientId: 1 + (next % 3) }
        const answer = await server.call('POST', '/api/channel/bookings', asked, { headers })
        if (answer.status === 201) {
          sold++
          break
        }
        if (answer.body.reason === 'session_full') return
        refusals.push(answer.body.reason)
        if (answer.status !== 503 && answer.body.reason !== 'request_in_progress') return
        await Bun.sleep(50)
      }
    }
  }
  const callers = Promise.all(Array.from({ length: 8 }, caller))
  const [first, second] = services.processes.bookings
  while (sold < 20) await Bun.sleep(1)
  await first!.kill()
  while (sold < 40) await Bun.sleep(1)
  second!.hang()
  await callers
  second!.resume()

  const database = await open({ url: services.database.url })
  const numbers = await database.read<{ number: number }>(
    'SELECT number FROM booking WHERE session_id = 1 ORDER BY number',
  )
  await database.close()
  expect(numbers.map(({ number }) => number)).toEqual(Array.from({ length: CAPACITY }, (_, index) => index + 1))
  expect(sold).toBe(CAPACITY)
  expect(
    [...new Set(refusals)].filter(
      (reason) => !['service_unavailable', 'overloaded', 'request_in_progress'].includes(reason),
    ),
  ).toEqual([])
})
