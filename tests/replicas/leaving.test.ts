import { expect, setDefaultTimeout, test } from 'bun:test'
import { aHospital } from '../support/hospital'
import { dial } from '../support/raw'
import { startServer } from '../support/server'
import { HandshakeRefused, subscribe } from '../support/socket'

setDefaultTimeout(30_000)

test('a gateway that leaves says so and answers on: not ready, no new sockets, connections end with their answer, and what is open stays', async () => {
  await using server = await startServer({
    seed: aHospital(),
    environment: { LEAVING_SECONDS: '2', CONTEXT_ROOT: '/channelling', CORS_ORIGINS: 'https://app.example.org' },
  })
  const screen = await subscribe(server)
  const before = await server.call('GET', '/health/ready')
  expect([before.status, before.headers.get('connection')]).toEqual([200, null])
  const leaving = server.stop()
  const told = Date.now() + 1500
  let ready = before
  const headers = { 'x-request-id': 'mine', origin: 'https://app.example.org' }
  while (ready.status === 200 && Date.now() < told) {
    ready = await server.call('GET', '/health/ready', undefined, { headers })
  }
  expect(ready).toMatchObject({ status: 503, body: { reason: 'service_unavailable' } })
  expect(ready.headers.get('x-request-id')).toMatch(/^[0-9a-f-]{36}$/)
  expect(ready.headers.get('access-control-allow-origin')).toBe('https://app.example.org')
  expect((await server.call('GET', '/health/ready/')).status).toBe(503)
  expect((await server.call('GET', '/health/live')).status).toBe(200)

  const booked = await server.call('POST', '/api/channel/bookings', { sessionInstanceId: 1, patientId: 1 })
  expect([booked.status, booked.headers.get('connection')]).toEqual([201, 'close'])
  expect(await screen.got(1)).toEqual(['Online Booking Completed - 1'])
  // what clients of Java offer with each request of theirs
  const offer = { connection: 'Upgrade, HTTP2-Settings', upgrade: 'h2c', 'http2-settings': 'AAMAAABkAAQAAP__' }
  expect((await server.call('GET', '/api/channel/specialities', undefined, { headers: offer })).status).toBe(200)
  const refused = await subscribe(server).catch((error) => error)
  expect(refused).toBeInstanceOf(HandshakeRefused)
  expect(refused.status).toBe(503)

  await leaving
  expect((await screen.closed)[0]).toBe(1001)
})

test('an address that is wrong is refused while it leaves as ever, and stands in no log', async () => {
  await using server = await startServer({ environment: { LEAVING_SECONDS: '3' } })
  const leaving = server.stop()
  while ((await server.call('GET', '/health/ready')).status === 200) await Bun.sleep(10)
  for (const host of ['[', 'a, b', 'a b']) {
    using connection = await dial(server.port)
    connection.send(`GET /api/patients/search?phone=0771234567&name=Jane%20Doe HTTP/1.1\r\nHost: ${host}\r\n\r\n`)
    const { answers } = await connection.hear(1)
    expect(answers.map(({ status, text }) => [status, JSON.parse(text).reason])).toEqual([[400, 'invalid_request']])
  }
  await leaving
  expect(server.output()).not.toMatch(/0771234567|Jane/)
  // the log has what was refused all the same
  expect(server.output().match(/"status":400/g)).toHaveLength(3)
})

test('a process with everything in it leaves at once: there is nobody to go to instead', async () => {
  await using server = await startServer({ seed: aHospital() })
  const begun = performance.now()
  await server.stop()
  expect(performance.now() - begun).toBeLessThan(1500)
})
