import { expect, setDefaultTimeout, test } from 'bun:test'
import { aHospital, aSession } from '../support/hospital'
import { accept, seqsBySession, startReceiver, verifies } from '../support/receiver'
import { startServer } from '../support/server'

const NIGHTLY = process.env.NIGHTLY === '1'

setDefaultTimeout(NIGHTLY ? 1_200_000 : 120_000)

const WEBHOOKS = '/api/notifications/webhooks'
const KILLS = Number(process.env.WEBHOOK_KILLS ?? (NIGHTLY ? 50 : 3))
const BOOKINGS_EACH = Number(process.env.WEBHOOK_BOOKINGS ?? 40)
const SESSIONS = 5

test('whatever a receiver does and however often the server is killed, every event arrives, and each session’s in order', async () => {
  await using server = await startServer({
    seed: aHospital({ sessions: Array.from({ length: SESSIONS }, () => aSession({ capacity: 0 })) }),
    environment: { WEBHOOKS_PRIVATE: 'allow' },
  })
  // slow, and each eleventh message is refused
  let asked = 0
  await using receiver = startReceiver(async () => {
    await Bun.sleep(5)
    return ++asked % 11 === 0 ? new Response(null, { status: 500 }) : accept()
  })
  const { id, secret } = (await server.call('POST', WEBHOOKS, { url: receiver.url })).body.data
  let booked = 0
  for (let kill = 0; kill <= KILLS; kill++) {
    const before = receiver.received.length
    for (let count = 0; count < BOOKINGS_EACH; count++) {
      const { status } = await server.call('POST', '/api/channel/bookings', {
        sessionInstanceId: 1 + (booked % SESSIONS),
        patientId: 1,
      })
      expect(status).toBe(201)
      booked++
    }
    // in the middle of delivering
    await receiver.until(({ length }) => length > before + 2)
    if (kill === KILLS) break
    await server.kill()
    await server.restart()
  }
  const allArrived = () => new Set(receiver.received.map((message) => message.id)).size === booked
  const waits = async () => (await server.call('GET', `${WEBHOOKS}/${id}`)).body.data.waiting
  // what failed is tried again at once whenever the webhook is resumed, so that nobody sits out the schedule here
  while (!allArrived() || (await waits()) > 0) {
    await server.call('PUT', `${WEBHOOKS}/${id}/resume`)
    await Bun.sleep(100)
  }
  expect(receiver.received.every((message) => verifies(message, secret))).toBe(true)
  const firsts = [
    ...new Map(receiver.received.toReversed().map((message) => [message.id, message])).values(),
  ].toReversed()
  const told = seqsBySession(firsts)
  expect([...told.values()].flat()).toHaveLength(booked)
  for (const seqs of told.values()) expect(seqs).toEqual(seqs.toSorted((a, b) => a - b))
  // an attempt under way when the server dies is made again, and one that failed; others are not
  for (const query of ['', '?status=delivered']) {
    const log = (await server.call('GET', `${WEBHOOKS}/${id}/deliveries${query}`)).body
    expect(log.page.total).toBe(booked)
  }
  expect(receiver.received.length - booked).toBeLessThanOrEqual(Math.floor(asked / 11) + KILLS * 8)
})
