import { afterAll, beforeAll, expect, setDefaultTimeout, test } from 'bun:test'
import WebSocket from 'ws'
import { aClient } from '../support/client'
import { aHospital, aSession } from '../support/hospital'
import { dial } from '../support/raw'
import { type Server, startServer } from '../support/server'
import { HandshakeRefused, type Subscriber, subscribe } from '../support/socket'

setDefaultTimeout(60_000)

const PAGE = 'https://app.example.org'

let server: Server
beforeAll(async () => {
  server = await startServer({
    seed: aHospital({ sessions: [aSession({ capacity: 0 })] }),
    environment: { CORS_ORIGINS: PAGE, SOCKETS_PER_KEY: '3', SOCKETS_PER_ADDRESS: '8' },
  })
})
afterAll(() => server?.[Symbol.asyncDispose]())

type Options = Parameters<typeof subscribe>[1]

/** How a handshake ends. */
const verdict = (options: Options = {}, of: Server = server): Promise<string> =>
  subscribe(of, options).then(
    async (socket) => {
      socket.close()
      await socket.closed
      return 'let in'
    },
    (error) => {
      if (!(error instanceof HandshakeRefused)) throw error
      return `${error.status} ${error.body.reason}`
    },
  )

const metric = async (name: string) => {
  const { text } = await server.call('GET', '/metrics')
  return Number(new RegExp(`^${name} (\\d+)$`, 'm').exec(text)?.[1])
}

/** What was closed is noticed a moment later. */
async function untilOpen(count: number) {
  for (const deadline = Date.now() + 5_000; (await metric('channelling_sockets_open')) !== count; await Bun.sleep(10)) {
    expect(Date.now()).toBeLessThan(deadline)
  }
}

const aScreen = () => aClient(server, { scopes: ['notifications:read'] })

/** How long a socket took to close since, in ms, and how it was closed. */
async function endOf(socket: Subscriber, since = performance.now()) {
  const [code, reason] = await socket.closed
  return { end: `${code} ${reason}`, afterMs: performance.now() - since }
}

test('a page opens sockets where it comes from the same host, or from an origin that was named', async () => {
  const { port } = new URL(server.url)
  for (const origin of [PAGE, `http://127.0.0.1:${port}`, `https://127.0.0.1:${port}`]) {
    expect(await verdict({ headers: { origin } })).toBe('let in')
  }
  expect(await verdict({ headers: { origin: 'https://hospital.example', host: 'hospital.example' } })).toBe('let in')
  expect(await verdict({ headers: { origin: 'https://hospital.example', host: 'hospital.example:443' } })).toBe(
    'let in',
  )
  const beside = { origin: 'https://hospital.example.evil.org', host: 'hospital.example' }
  expect(await verdict({ headers: beside })).toBe('403 origin_not_allowed')
  for (const origin of [
    'https://evil.example.org',
    'http://127.0.0.1',
    `http://127.0.0.1:${port}.evil.example.org`,
    `http://127.0.0.1:${port}@evil.example.org`,
    'http://app.example.org',
    'null',
    'file://',
    '',
  ]) {
    expect(`${origin}: ${await verdict({ headers: { origin } })}`).toBe(`${origin}: 403 origin_not_allowed`)
  }
  await untilOpen(0)
})

test('a page that may not open a socket does not use up the ticket that it holds', async () => {
  const { ticket } = (await server.call('POST', '/api/notifications/tickets')).body.data
  const query = `?access_token=${ticket}`
  expect(await verdict({ key: null, query, headers: { origin: 'https://evil.example.org' } })).toBe(
    '403 origin_not_allowed',
  )
  expect(await verdict({ key: null, query, headers: { origin: PAGE } })).toBe('let in')
  await untilOpen(0)
})

test('what Bun would not open is refused in the envelope, and uses up no ticket', async () => {
  const { ticket } = (await server.call('POST', '/api/notifications/tickets')).body.data
  const good = { upgrade: 'websocket', 'sec-websocket-key': 'dGhlIHNhbXBsZSBub25jZQ==', 'sec-websocket-version': '13' }
  for (const wrong of [
    { 'sec-websocket-version': '8' },
    { 'sec-websocket-version': '' },
    { 'sec-websocket-key': 'short' },
    { 'sec-websocket-key': '' },
    { upgrade: 'h2c' },
  ]) {
    using connection = await dial(server.port)
    const head = Object.entries({ host: 'localhost', connection: 'Upgrade', ...good, ...wrong })
    const lines = head.map(([name, value]) => `${name}: ${value}\r\n`).join('')
    connection.send(`GET /ws/notify?access_token=${ticket} HTTP/1.1\r\n${lines}\r\n`)
    const { answers } = await connection.hear(1)
    expect([wrong, answers[0]?.status, answers[0]?.text && JSON.parse(answers[0].text).reason]).toEqual([
      wrong,
      400,
      'invalid_request',
    ])
    expect(answers[0]!.headers.has('x-request-id')).toBe(true)
  }
  expect(await verdict({ key: null, query: `?access_token=${ticket}` })).toBe('let in')
  await untilOpen(0)
})

test('a password of a proxy before it, or a header for a key that is empty, does not stand in the way of a ticket', async () => {
  for (const headers of [{ authorization: 'Basic dXNlcjpwYXNzd29yZA==' }, { finance: '' }] as Record<
    string,
    string
  >[]) {
    const { ticket } = (await server.call('POST', '/api/notifications/tickets')).body.data
    expect(await verdict({ key: null, query: `?access_token=${ticket}`, headers })).toBe('let in')
    expect(await verdict({ key: null, headers })).toBe('401 key_missing')
  }
  await untilOpen(0)
})

test('a key has as many sockets as it may, however they were opened, and each that closes makes room', async () => {
  const { key, call } = await aScreen()
  const { ticket } = (await call('POST', '/api/notifications/tickets')).body.data
  const sockets = [
    await subscribe(server, { key }),
    await subscribe(server, { key }),
    await subscribe(server, { key: null, query: `?access_token=${ticket}` }),
  ]
  expect(await verdict({ key })).toBe('429 too_many_sockets')
  const refused = await fetch(`${server.url}/ws/notify`, {
    headers: {
      finance: key,
      upgrade: 'websocket',
      'sec-websocket-key': 'dGhlIHNhbXBsZSBub25jZQ==',
      'sec-websocket-version': '13',
    },
  })
  expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(0)
  // another key is not concerned
  const other = await subscribe(server, { key: (await aScreen()).key })

  sockets[0]!.close()
  await untilOpen(3)
  sockets.push(await subscribe(server, { key }))
  // gone without a word
  sockets[1]!.terminate()
  await untilOpen(3)
  sockets.push(await subscribe(server, { key }))
  expect(await verdict({ key })).toBe('429 too_many_sockets')
  // handshakes that failed hold nothing
  for (const socket of [...sockets, other]) socket.close()
  await untilOpen(0)
  const again = await Promise.all([1, 2, 3].map(() => subscribe(server, { key })))
  for (const socket of again) socket.close()
  await untilOpen(0)
})

test('of many handshakes at once as many are let in as there is room for', async () => {
  const { key } = await aScreen()
  const opened = await Promise.allSettled(Array.from({ length: 20 }, () => subscribe(server, { key })))
  const sockets = opened.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : []))
  expect(sockets).toHaveLength(3)
  for (const socket of sockets) socket.close()
  await untilOpen(0)
})

test('an address has as many sockets as it may, whatever the keys', async () => {
  const clients = await Promise.all([1, 2, 3].map(aScreen))
  const sockets = await Promise.all(clients.flatMap(({ key }) => [1, 2].map(() => subscribe(server, { key }))))
  sockets.push(...(await Promise.all(clients.slice(0, 2).map(({ key }) => subscribe(server, { key })))))
  const { ticket } = (await server.call('POST', '/api/notifications/tickets')).body.data
  const query = `?access_token=${ticket}`
  expect(await verdict({ key: clients[2]!.key })).toBe('429 too_many_sockets')
  expect(await verdict({ key: null, query })).toBe('429 too_many_sockets')
  for (const socket of sockets) socket.close()
  await untilOpen(0)
  // nothing was used up by the refusal
  expect(await verdict({ key: null, query })).toBe('let in')
  await untilOpen(0)
})

test.each([
  ['retired', 'key_retired', (id: number) => server.call('PUT', `/api/admin/keys/${id}/retire`)],
  ['switched off', 'key_inactive', (id: number) => server.call('PUT', `/api/admin/keys/${id}/deactivate`)],
  ['replaced without overlap', 'key_retired', (id: number) => server.call('PUT', `/api/admin/keys/${id}/rotate`, {})],
])('when a key is %s its sockets are closed at once, and told why', async (_how, reason, change) => {
  const { key, keyId, call } = await aScreen()
  const other = await subscribe(server, { key: (await aScreen()).key })
  const { ticket } = (await call('POST', '/api/notifications/tickets')).body.data
  const sockets = [
    await subscribe(server, { key }),
    await subscribe(server, { key: null, query: `?access_token=${ticket}` }),
  ]
  const unused = (await call('POST', '/api/notifications/tickets')).body.data.ticket
  expect((await change(keyId)).status).toBeLessThan(300)
  const since = performance.now()
  for (const socket of sockets) {
    const { end, afterMs } = await endOf(socket, since)
    expect(end).toBe(`4401 ${reason}`)
    // at once: a look at the clock every second would take longer most of the time
    expect(afterMs).toBeLessThan(400)
  }
  expect(await verdict({ key })).toBe(`401 ${reason}`)
  expect(await verdict({ key: null, query: `?access_token=${unused}` })).toBe(`401 ${reason}`)
  const heard = other.got(other.frames.length + 1)
  await server.call('POST', '/api/channel/bookings', { sessionInstanceId: 1, patientId: 1 })
  await heard
  other.close()
  await untilOpen(0)
})

test('a client that is disabled loses all its sockets; one whose access changes has to come back', async () => {
  const { id, key } = await aScreen()
  const first = await subscribe(server, { key })
  const { name } = (await server.call('GET', `/api/admin/clients/${id}`)).body.data
  await server.call('PUT', `/api/admin/clients/${id}`, { name, access: 'all' })
  expect((await endOf(first)).end).toStartWith('1013 ')
  const second = await subscribe(server, { key })
  await server.call('PUT', `/api/admin/clients/${id}/disable`)
  expect((await endOf(second)).end).toBe('4401 key_inactive')
  await untilOpen(0)
})

test('when a key expires its sockets are closed at that instant', async () => {
  const client = await server.call('POST', '/api/admin/clients', { name: 'Short', access: 'own' })
  const calendar = new Intl.DateTimeFormat('sv-SE', {
    timeZone: 'Asia/Colombo',
    dateStyle: 'short',
    timeStyle: 'medium',
  })
  const expiresAt = Math.floor(Date.now() / 1000) * 1000 + 3000
  const issued = await server.call('POST', '/api/admin/keys', {
    clientId: client.body.data.id,
    scopes: ['notifications:read'],
    expiresAt: calendar.format(expiresAt),
  })
  const socket = await subscribe(server, { key: issued.body.data.key })
  expect((await endOf(socket)).end).toBe('4401 key_expired')
  expect(Date.now() - expiresAt).toBeGreaterThanOrEqual(-5)
  expect(Date.now() - expiresAt).toBeLessThan(400)
})

test('a server that stops closes its sockets with 1001', async () => {
  await using other = await startServer({ seed: aHospital() })
  const socket = new WebSocket(`${other.url.replace('http', 'ws')}/ws/notify`, { headers: { finance: other.key } })
  await new Promise((resolve) => socket.once('open', resolve))
  const closed = new Promise((resolve) => socket.once('close', resolve))
  await other.stop()
  expect(await closed).toBe(1001)
})
