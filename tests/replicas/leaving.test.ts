import { expect, setDefaultTimeout, test } from 'bun:test'
import { aHospital } from '../support/hospital'
import { startServer } from '../support/server'
import { HandshakeRefused, subscribe } from '../support/socket'

setDefaultTimeout(30_000)

test('a gateway that leaves says so and answers on: not ready, no new sockets, connections end with their answer, and what is open stays', async () => {
  await using server = await startServer({
    seed: aHospital(),
    environment: { LEAVING_SECONDS: '2', CONTEXT_ROOT: '/channelling' },
  })
  const screen = await subscribe(server)
  const before = await server.call('GET', '/health/ready')
  expect([before.status, before.headers.get('connection')]).toEqual([200, null])
  const leaving = server.stop()
  const told = Date.now() + 1500
  let ready = before
  const headers = { 'x-request-id': 'mine' }
  while (ready.status === 200 && Date.now() < told) {
    ready = await server.call('GET', '/health/ready', undefined, { headers })
  }
  expect(ready).toMatchObject({ status: 503, body: { reason: 'service_unavailable' } })
  expect(ready.headers.get('x-request-id')).toMatch(/^[0-9a-f-]{36}$/)
  expect((await server.call('GET', '/health/live')).status).toBe(200)

  const booked = await server.call('POST', '/api/channel/bookings', { sessionInstanceId: 1, patientId: 1 })
  expect([booked.status, booked.headers.get('connection')]).toEqual([201, 'close'])
  expect(await screen.got(1)).toEqual(['Online Booking Completed - 1'])
  const refused = await subscribe(server).catch((error) => error)
  expect(refused).toBeInstanceOf(HandshakeRefused)
  expect(refused.status).toBe(503)

  await leaving
  expect((await screen.closed)[0]).toBe(1001)
})

test('a process with everything in it leaves at once: there is nobody to go to instead', async () => {
  await using server = await startServer({ seed: aHospital() })
  const begun = performance.now()
  await server.stop()
  expect(performance.now() - begun).toBeLessThan(1500)
})
