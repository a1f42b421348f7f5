import { expect, setDefaultTimeout, test } from 'bun:test'
import { aHospital, aSession } from '../support/hospital'
import { accept, seqsBySession, startReceiver } from '../support/receiver'
import { startServer } from '../support/server'
import { startServices } from '../support/services'

setDefaultTimeout(120_000)

const SESSIONS = 3
const BOOKINGS = 60

test('of two processes that could deliver one does; when each is killed in turn, everything arrives, in order', async () => {
  const environment = { WEBHOOKS_PRIVATE: 'allow' }
  await using services = await startServices({
    seed: aHospital({ sessions: Array.from({ length: SESSIONS }, () => aSession({ capacity: 0 })) }),
    environment,
    replicas: { notifications: 2 },
  })
  await using server = await startServer({ form: 'embedded', environment: { ...services.environment, ...environment } })
  await using receiver = startReceiver(async () => {
    await Bun.sleep(5)
    return accept()
  })
  const registered = await server.call('POST', '/api/notifications/webhooks', { url: receiver.url })
  expect(registered.status).toBe(201)
  const distinct = () => new Set(receiver.received.map(({ id }) => id)).size
  let booked = 0
  const bookUpTo = async (count: number) => {
    for (; booked < count; booked++) {
      const asked = { sessionInstanceId: 1 + (booked % SESSIONS), patientId: 1 }
      expect((await server.call('POST', '/api/channel/bookings', asked)).status).toBe(201)
    }
  }
  for (const [index, replica] of services.processes.notifications.entries()) {
    await bookUpTo((index + 1) * (BOOKINGS / 3))
    // under way in one of them, whichever it is
    await receiver.until(() => distinct() > (index * BOOKINGS) / 3)
    await replica.kill()
    if (index === 0) await receiver.until(() => distinct() === booked)
  }
  await bookUpTo(BOOKINGS)
  await services.processes.notifications[0]!.start()
  await receiver.until(() => distinct() === BOOKINGS)
  const firsts = [...new Map(receiver.received.toReversed().map((one) => [one.id, one])).values()].toReversed()
  for (const seqs of seqsBySession(firsts).values()) expect(seqs).toEqual(seqs.toSorted((a, b) => a - b))
  // twice comes only what was under way in a process that was killed
  expect(receiver.received.length - BOOKINGS).toBeLessThanOrEqual(2 * SESSIONS)
})
