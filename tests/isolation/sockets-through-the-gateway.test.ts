import { expect, setDefaultTimeout, test } from 'bun:test'
import WebSocket from 'ws'
import { aHospital, aSession } from '../support/hospital'
import { type Server, startServer } from '../support/server'
import { type ServiceProcess, startServices } from '../support/services'

setDefaultTimeout(60_000)

const SUBSCRIBERS = 12

interface Frame {
  type: string
  epoch?: string
  seq: number
}

/** A subscriber that comes back, from where it was, whenever its socket is closed, and keeps what it was told. */
function aSubscriber(server: Server) {
  const seen: number[] = []
  const closes: string[] = []
  const refusals: number[] = []
  let epoch = ''
  let last = -1
  let socket: WebSocket
  let over = false

  function connect(): void {
    const from = last < 0 ? '' : `?from=${epoch}:${last}`
    socket = new WebSocket(`${server.url.replace('http', 'ws')}/ws/notify${from}`, ['channelling.v1+json'], {
      headers: { finance: server.key },
    })
    socket.on('message', (data) => {
      const frame = JSON.parse(String(data)) as Frame
      if (frame.type === 'resync') throw new Error('Nothing was lost that has to be read anew')
      if (frame.epoch !== undefined) {
        epoch = frame.epoch
        if (last < 0) last = frame.seq
        return
      }
      if (frame.type === 'heartbeat') return
      seen.push(frame.seq)
      last = frame.seq
    })
    socket.on('error', () => {})
    socket.on('unexpected-response', (_request, response) => {
      refusals.push(response.statusCode ?? 0)
      response.resume()
      comeBack()
    })
    socket.on('close', (code) => {
      closes.push(String(code))
      comeBack()
    })
  }
  function comeBack(): void {
    if (!over) setTimeout(connect, 20)
  }
  connect()
  return {
    seen,
    closes,
    refusals,
    ready: () => last >= 0,
    end() {
      over = true
      socket.terminate()
    },
  }
}

const until = async (is: () => boolean) => {
  for (const deadline = Date.now() + 15_000; !is(); await Bun.sleep(5)) expect(Date.now()).toBeLessThan(deadline)
}

test('the processes behind the sockets are stopped, killed and hung in their turn: whoever listens comes back and misses nothing', async () => {
  await using services = await startServices({
    seed: aHospital({ sessions: [aSession({ capacity: 0 })], patients: 1 }),
    replicas: { notifications: 2 },
  })
  await using server = await startServer({ environment: services.environment })
  const subscribers = Array.from({ length: SUBSCRIBERS }, () => aSubscriber(server))
  await until(() => subscribers.every(({ ready }) => ready()))
  let booked = 0
  const book = async () => {
    const { status } = await server.call('POST', '/api/channel/bookings', { sessionInstanceId: 1, patientId: 1 })
    expect(status).toBe(201)
    booked++
  }
  const allHeard = () => until(() => subscribers.every(({ seen }) => seen.length >= booked))
  const closesSince = async (disturb: () => unknown) => {
    const before = subscribers.map(({ closes }) => closes.length)
    await disturb()
    for (let each = 0; each < 5; each++) await book()
    await allHeard()
    return new Set(subscribers.flatMap(({ closes }, index) => closes.slice(before[index])))
  }
  const [first, second] = services.processes.notifications as [ServiceProcess, ServiceProcess]
  await closesSince(() => {})

  expect(await closesSince(() => first.stop())).toEqual(new Set(['1001']))
  // the other one had them all; now it has to be left in turn
  await until(() => server.output().includes('a service does not answer'))
  await first.start()
  await until(() => server.output().includes('a service answers again'))
  const killed = await closesSince(() => second.kill())
  expect([...killed].filter((code) => code !== '1001' && code !== '1013')).toEqual([])
  await until(() => server.output().split('a service does not answer').length > 2)
  await second.start()
  await until(() => server.output().split('a service answers again').length > 2)
  expect(await closesSince(() => first.hang())).toEqual(new Set(['1013']))
  first.resume()

  for (const { seen } of subscribers) {
    expect(seen).toEqual([...seen].sort((a, b) => a - b))
    expect(new Set(seen).size).toBe(seen.length)
    expect(seen).toHaveLength(booked)
  }
  for (const subscriber of subscribers) subscriber.end()
})

test('where none of the processes behind the sockets is up, a handshake is 503 at once, and the rest answers as ever', async () => {
  await using services = await startServices({ seed: aHospital({ sessions: [aSession()], patients: 1 }) })
  await using server = await startServer({ environment: services.environment })
  const [notifications] = services.processes.notifications
  await notifications!.kill()
  const handshake = {
    connection: 'Upgrade',
    upgrade: 'websocket',
    'sec-websocket-key': 'dGhlIHNhbXBsZSBub25jZQ==',
    'sec-websocket-version': '13',
  }
  for (let each = 0; each < 3; each++) {
    const { status, body } = await server.call('GET', '/ws/notify', undefined, { headers: handshake })
    expect(`${status} ${body.reason}`).toBe('503 service_unavailable')
  }
  const booked = await server.call('POST', '/api/channel/bookings', { sessionInstanceId: 1, patientId: 1 })
  expect(booked.status).toBe(201)
})
