import { expect, setDefaultTimeout, test } from 'bun:test'
import { outbox, streamed } from '../support/event-stream'
import { aHospital, aSession } from '../support/hospital'
import { startNats } from '../support/nats'
import { type Server, startServer } from '../support/server'
import { startServices } from '../support/services'

setDefaultTimeout(60_000)

const seed = aHospital({ sessions: [aSession({ capacity: 0 }), aSession({ capacity: 0 })] })

const book = async (server: Server, sessionInstanceId = 1) => {
  const answer = await server.call('POST', '/api/channel/bookings', { sessionInstanceId, patientId: 1 })
  expect(answer.status).toBe(201)
  return answer.body.data.id as number
}

test('the stream holds every event once, in order, while who publishes is killed and NATS goes and comes', async () => {
  await using nats = await startNats()
  await using services = await startServices({
    seed,
    environment: { NATS_URL: nats.url },
    replicas: { notifications: 2 },
  })
  await using server = await startServer({ environment: { ...services.environment, NATS_URL: nats.url } })
  const bookSome = async () => {
    for (let time = 0; time < 10; time++) await book(server, 1 + (time % 2))
  }
  await bookSome()
  const [one, other] = services.processes.notifications
  await streamed(nats, 10)
  await Promise.all([bookSome(), one!.kill()])
  await streamed(nats, 20)
  await nats.kill()
  await bookSome()
  await Promise.all([nats.start(), one!.start()])
  await streamed(nats, 30)
  await Promise.all([bookSome(), other!.kill()])
  const id = await book(server)
  const cancelled = await server.call('PUT', `/api/channel/bookings/${id}/cancel`, { reason: 'a private reason' })
  expect(cancelled.status).toBe(200)

  const { epoch, events } = await outbox(services.database.url)
  const found = await streamed(nats, events.length)
  expect(found.map(({ id, subject }) => ({ id, subject }))).toEqual(
    events.map(({ seq, session_id }) => ({ id: `${epoch}:${seq}`, subject: `channelling.session.${session_id}` })),
  )
  expect(found.at(-1)!.body).toEqual({
    epoch,
    seq: events.at(-1)!.seq,
    type: 'booking.cancelled',
    sessionId: 1,
    consultantId: 1,
    bookingId: id,
    at: expect.stringMatching(/^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d$/),
    fromStatus: 'ACTIVE',
    toStatus: 'PATIENT_CANCELED',
    number: expect.any(Number),
    actor: 'patient',
  })
})
