import { expect, setDefaultTimeout, test } from 'bun:test'
import { aHospital, aSession } from '../support/hospital'
import { startServer } from '../support/server'
import { startServices } from '../support/services'

setDefaultTimeout(60_000)

const CALLERS = 8

test('each of two replicas is stopped and started in its turn, under bookings without an Idempotency-Key: none of them fails', async () => {
  await using services = await startServices({
    seed: aHospital({ sessions: [aSession({ capacity: 0 }), aSession({ capacity: 0 })], patients: 3 }),
    replicas: { bookings: 2 },
  })
  await using server = await startServer({ environment: services.environment })
  let going = true
  let booked = 0
  const faults: string[] = []
  const callers = Array.from({ length: CALLERS }, async (_, index) => {
    for (let next = index; going; next++) {
      const asked = { sessionInstanceId: 1 + (next % 2), patientId: 1 + (next % 3) }
      const { status, text } = await server.call('POST', '/api/channel/bookings', asked)
      if (status === 201) booked++
      else faults.push(`${status} ${text}`)
      const read = await server.call('GET', '/api/channel/bookings/1')
      if (read.status >= 500) faults.push(`${read.status} ${read.text}`)
    }
  })
  /** Until so many more were booked, by whoever is there. */
  const goOn = async () => {
    for (const until = booked + 50; booked < until && faults.length === 0; ) await Bun.sleep(5)
  }

  const backAgain = () => server.output().split('a service answers again').length - 1
  for (const [index, replica] of services.processes.bookings.entries()) {
    await goOn()
    await replica.stop()
    await goOn()
    await replica.start()
    while (backAgain() <= index) await Bun.sleep(10)
  }
  await goOn()
  going = false
  await Promise.all(callers)
  expect(faults).toEqual([])
  const total = (await Promise.all([1, 2, 3].map((id) => server.call('GET', `/api/channel/bookings/patient/${id}`))))
    .map(({ body }) => body.page.total)
    .reduce((sum, count) => sum + count)
  expect(total).toBe(booked)
})
