import { expect, setDefaultTimeout, test } from 'bun:test'
import { aHospital } from '../support/hospital'
import { startServer } from '../support/server'
import { startServices } from '../support/services'

setDefaultTimeout(60_000)

test('a gateway that starts without one of its services serves the others, and learns what is missing when it is there', async () => {
  await using services = await startServices({ seed: aHospital() })
  const [patients] = services.processes.patients
  await patients!.stop()
  await using server = await startServer({ environment: services.environment })
  expect(server.output()).toContain('a service has not told its paths yet')

  expect((await server.call('GET', '/api/channel/sessions/1')).status).toBe(200)
  // nobody knows yet which paths there are not
  for (const path of ['/api/patients/1', '/api/nowhere']) {
    const response = await fetch(`${server.url}${path}`, { headers: { finance: server.key } })
    expect(response.status).toBe(503)
    expect(Number(response.headers.get('retry-after'))).toBeGreaterThan(0)
    expect(await response.json()).toMatchObject({ reason: 'service_unavailable' })
  }
  // another gateway would not have it either, so this one says that it is ready, and without what
  const health = async () => {
    const { status, body } = await server.call('GET', '/health/ready')
    return [status, ...body.data.degraded]
  }
  expect(await health()).toEqual([200, 'paths', 'patients'])

  await patients!.start()
  const back = performance.now()
  const ask = () => fetch(`${server.url}/api/patients/1`, { headers: { finance: server.key } })
  while ((await health()).length > 1) await Bun.sleep(1)
  // once it does without nothing, its paths are known
  expect((await ask()).status).toBe(200)
  expect(performance.now() - back).toBeLessThan(2_000)
  const document = await (await fetch(`${server.url}/docs/openapi.json`)).text()
  expect(document).toContain('/api/patients/search')
  const nowhere = await fetch(`${server.url}/api/nowhere`, { headers: { finance: server.key } })
  expect(await nowhere.json()).toMatchObject({ code: 404, reason: 'no_such_path' })
})

test('a service refuses whoever is not the gateway', async () => {
  await using services = await startServices({ seed: aHospital() })
  const { catalogue, bookings, patients, notifications } = services.processes
  const doors = [
    `${catalogue[0]!.url}/api/channel/sessions/1`,
    `${bookings[0]!.url}/api/channel/bookings/1`,
    `${patients[0]!.url}/api/patients/1`,
  ]
  for (const door of doors) {
    for (const headers of [{}, { 'x-channelling-identity': 'e30.e30' }] as Record<string, string>[]) {
      const response = await fetch(door, { headers })
      expect(await response.json()).toMatchObject({ code: 401, reason: 'identity_invalid' })
    }
  }
  const ticket = await fetch(`${notifications[0]!.url}/api/notifications/tickets`, { method: 'POST' })
  expect(ticket.status).toBe(401)
})

test('with services elsewhere screens hear of bookings all the same', async () => {
  await using services = await startServices({ seed: aHospital() })
  await using server = await startServer({ environment: services.environment })
  const screen = new WebSocket(`${server.url.replace('http', 'ws')}/ws/notify`, {
    headers: { finance: server.key },
  } as never)
  const heard = new Promise<string>((resolve) => {
    screen.onmessage = ({ data }) => resolve(String(data))
  })
  await new Promise((resolve) => {
    screen.onopen = resolve
  })
  expect((await server.call('POST', '/api/channel/bookings', { sessionInstanceId: 1, patientId: 1 })).status).toBe(201)
  const said = performance.now()
  expect(await heard).toBe('Online Booking Completed - 1')
  expect(performance.now() - said).toBeLessThan(1_500)
  screen.close()
})
