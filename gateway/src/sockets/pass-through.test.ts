import { afterEach, expect, test } from 'bun:test'
import { connect } from 'node:net'
import { type Caller, Refusal } from '@channelling/contract'
import { createLog, IDENTITY_HEADER, pathOf, refuse, verifyIdentity } from '@channelling/http'
import { socketLimits } from '@channelling/notifications'
import { Elysia } from 'elysia'
import { createPlaces } from '../limits/places'
import { remote } from '../upstreams'
import { createOpenSockets } from './open-sockets'
import { passThrough } from './pass-through'

const SECRET = 'a secret for tests only'
const caller: Caller = { clientId: 3, keyId: 4, access: 'own', scopes: ['notifications:read'] }
const log = createLog('silent', 'test')
const traceparent = '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01'

const ends: (() => unknown)[] = []
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end()
})

type Socket = Bun.ServerWebSocket<object>

/** A notifications service that lets in whoever the gateway vouches for, and keeps what it was asked. */
function aService({ refusal, hello = [] }: { refusal?: Refusal; hello?: string[] } = {}) {
  const asked: { url: URL; headers: Headers; caller: Caller }[] = []
  const sockets: Socket[] = []
  const heard: string[] = []
  const closes: string[] = []
  const server = Bun.serve({
    port: 0,
    hostname: '127.0.0.1',
    fetch(request, server) {
      if (pathOf(request.url) === '/health/live') return new Response()
      const target = { method: request.method, path: pathOf(request.url) }
      const caller = verifyIdentity(SECRET, request.headers.get(IDENTITY_HEADER), target, Date.now())
      asked.push({ url: new URL(request.url), headers: request.headers, caller })
      if (refusal) return refuse(refusal, 'request-1')
      const protocol = request.headers.get('sec-websocket-protocol')
      const headers = new Headers(protocol ? { 'sec-websocket-protocol': protocol } : {})
      return server.upgrade(request, { data: {}, headers }) ? undefined : new Response(null, { status: 400 })
    },
    websocket: {
      open(socket: Socket) {
        sockets.push(socket)
        for (const frame of hello) socket.sendText(frame)
      },
      message: (_socket, frame) => void heard.push(String(frame)),
      close: (_socket, code, reason) => void closes.push(`${code} ${reason}`),
    },
  })
  const end = () => server.stop(true)
  ends.push(end)
  return { origin: `http://127.0.0.1:${server.port}`, asked, sockets, heard, closes, end }
}

/** A gateway that lets everybody in and connects them through. */
function aGateway(origins: string[]) {
  const service = remote({ name: 'notifications', origins, atOnceMax: 48, secret: SECRET, log })
  const sockets = createOpenSockets(createPlaces({ perKey: 0, perAddress: 0 }))
  const app = new Elysia({ websocket: socketLimits })
    .use(
      passThrough({
        service,
        door: {
          admit: async () => caller,
          headersOf: () => new Headers({ 'x-request-id': 'request-1' }),
          attend: (_request, events) => sockets.counted({ caller, address: '10.0.0.1' }, events),
        },
        secret: SECRET,
        log,
        seenOf: () => ({ requestId: 'request-1', trace: { id: traceparent, toParent: () => traceparent } }),
      }),
    )
    .listen({ port: 0, hostname: '127.0.0.1' })
  ends.push(() => app.server!.stop(true))
  ends.push(() => service.close())
  return { port: app.server!.port!, sockets }
}

/** A subscriber that keeps what it is told. */
async function subscribe(port: number, query = '', protocols: string[] = []) {
  const socket = new WebSocket(`ws://127.0.0.1:${port}/ws/notify${query}`, protocols) as WebSocket & {
    terminate(): void
  }
  const frames: string[] = []
  let told = () => {}
  socket.onmessage = ({ data }) => {
    frames.push(String(data))
    told()
  }
  const closed = new Promise<string>((resolve) => {
    socket.onclose = ({ code, reason }) => resolve(`${code} ${reason}`)
  })
  await new Promise<void>((resolve, reject) => {
    socket.onopen = () => resolve()
    socket.onerror = () => reject(new Error('the socket did not open'))
  })
  const until = (count: number) =>
    new Promise<string[]>((resolve) => {
      told = () => void (frames.length >= count && resolve(frames))
      told()
    })
  return { socket, frames, closed, until }
}

const handshake = {
  connection: 'Upgrade',
  upgrade: 'websocket',
  'sec-websocket-version': '13',
  'sec-websocket-key': 'dGhlIHNhbXBsZSBub25jZQ==',
}

/** What a handshake is refused with. */
async function refusalOf(port: number, query = '') {
  const response = await fetch(`http://127.0.0.1:${port}/ws/notify${query}`, { headers: handshake })
  return (await response.json()) as object
}

/** A subscriber on a bare connection, with the head of the answer to it. */
async function subscribeByHand(port: number, headers: Record<string, string> = {}) {
  const socket = connect(port, '127.0.0.1')
  socket.on('error', () => {})
  const lines = Object.entries({ host: 'localhost', ...handshake, ...headers }).map(
    ([name, value]) => `${name}: ${value}`,
  )
  socket.write(`GET /ws/notify HTTP/1.1\r\n${lines.join('\r\n')}\r\n\r\n`)
  const head = await new Promise<string>((resolve) => socket.once('data', (data) => resolve(data.toString())))
  return { socket, head }
}

async function untilTrue(is: () => boolean) {
  for (const deadline = Date.now() + 5_000; !is(); await Bun.sleep(2)) expect(Date.now()).toBeLessThan(deadline)
}

test('the service is told who asks and for what, and nothing else of the request', async () => {
  const service = aService()
  const { port } = aGateway([service.origin])
  const query = '?access_token=ticket&from=e:7&sessionId=1,2&sessionId=3&consultantId=9'
  const { socket } = await subscribe(port, query, ['channelling.v1+json'])
  const [{ url, headers, caller: told }] = service.asked as [(typeof service.asked)[0]]
  expect(told).toEqual(caller)
  expect(Object.fromEntries([...url.searchParams.keys()].map((name) => [name, url.searchParams.getAll(name)]))).toEqual(
    {
      from: ['e:7'],
      sessionId: ['1,2', '3'],
      consultantId: ['9'],
    },
  )
  expect(headers.get('x-request-id')).toBe('request-1')
  expect(headers.get('traceparent')).toBe(traceparent)
  expect(headers.get('finance')).toBeNull()
  expect(headers.get('sec-websocket-protocol')).toBe('channelling.v1+json')
  expect(socket.protocol).toBe('channelling.v1+json')
  socket.close()
})

test('frames go both ways as they are, from the very first one', async () => {
  const hello = Array.from({ length: 50 }, (_, index) => `hello ${index} ශ්‍රී`)
  const service = aService({ hello })
  const { port } = aGateway([service.origin])
  const { socket, until } = await subscribe(port)
  expect(await until(50)).toEqual(hello)
  service.sockets[0]!.sendText('Online Booking Completed - 12')
  expect((await until(51))[50]).toBe('Online Booking Completed - 12')
  socket.send('is anybody there')
  await untilTrue(() => service.heard.length === 1)
  expect(service.heard).toEqual(['is anybody there'])
  socket.close()
})

test('an old client that writes Upgrade: WebSocket, and offers a subprotocol that there is not, is connected in text', async () => {
  const service = aService()
  const { port } = aGateway([service.origin])
  const { socket, head } = await subscribeByHand(port, { upgrade: 'WebSocket', 'sec-websocket-protocol': 'chat' })
  expect(head).toStartWith('HTTP/1.1 101')
  expect(service.asked[0]!.headers.get('sec-websocket-protocol')).toBeNull()
  socket.destroy()
  await untilTrue(() => service.closes.length === 1)
})

test.each([1000, 1001, 1013, 4401])(
  'close code %d of the service reaches the subscriber with its reason',
  async (code) => {
    const service = aService()
    const { port, sockets } = aGateway([service.origin])
    const { closed } = await subscribe(port)
    service.sockets[0]!.close(code, 'because')
    expect(await closed).toBe(`${code} because`)
    await untilTrue(() => sockets.count() === 0)
  },
)

test('a subscriber that closes, or breaks off, is gone from the service too', async () => {
  const service = aService()
  const { port, sockets } = aGateway([service.origin])
  const first = await subscribe(port)
  first.socket.close(4000, 'enough')
  await untilTrue(() => service.closes.length === 1)
  expect(service.closes).toEqual(['4000 enough'])
  const second = await subscribe(port)
  second.socket.terminate()
  await untilTrue(() => service.closes.length === 2)
  expect(sockets.count()).toBe(0)
})

test('what the service refuses is refused here, in the same words', async () => {
  const fields = [{ path: 'query.from', message: 'must be a place in the stream' }]
  const service = aService({ refusal: new Refusal('invalid_request', 'The request is not valid', { fields }) })
  const { port, sockets } = aGateway([service.origin])
  expect(await refusalOf(port, '?from=x')).toMatchObject({ code: 400, reason: 'invalid_request', fields })
  expect(sockets.count()).toBe(0)
})

test('where no process of the service is up there is no socket: 503 at once', async () => {
  const { port } = aGateway(['http://127.0.0.1:1'])
  expect(await refusalOf(port)).toMatchObject({ code: 503, reason: 'service_unavailable' })
})

test('of several processes one that is up is found, and each gets some', async () => {
  const [first, second] = [aService(), aService()]
  const { port } = aGateway([first.origin, 'http://127.0.0.1:1', second.origin])
  const all = await Promise.all(Array.from({ length: 40 }, () => subscribe(port)))
  expect(first.sockets.length).toBeGreaterThan(0)
  expect(second.sockets.length).toBeGreaterThan(0)
  expect(first.sockets.length + second.sockets.length).toBe(40)
  for (const { socket } of all) socket.terminate()
})

test('when the process goes away its subscribers are told to come back, and find another', async () => {
  const [first, second] = [aService(), aService()]
  const { port } = aGateway([first.origin, second.origin])
  const all = await Promise.all(Array.from({ length: 20 }, () => subscribe(port)))
  const lost = first.sockets.length
  await first.end()
  await untilTrue(() => all.filter(({ socket }) => socket.readyState === WebSocket.CLOSED).length >= lost)
  const codes = await Promise.all(
    all.filter(({ socket }) => socket.readyState === WebSocket.CLOSED).map(({ closed }) => closed),
  )
  expect(codes).toHaveLength(lost)
  for (const code of codes) expect(code).toMatch(/^(1001|1013) /)
  const again = await subscribe(port)
  for (const { socket } of [...all, again]) socket.terminate()
})

test('who does not read is let go, and what waits for him stays within bounds', async () => {
  const service = aService()
  const { port, sockets } = aGateway([service.origin])
  const stalled = await subscribeByHand(port)
  const healthy = await subscribe(port)
  stalled.socket.pause()
  const frame = JSON.stringify({ type: 'booking.completed', padding: 'x'.repeat(1000) })
  const before = process.memoryUsage.rss()
  let sent = 0
  while (sockets.count() > 1) {
    for (const socket of service.sockets) for (let each = 0; each < 50; each++) socket.sendText(frame)
    sent += 50
    await healthy.until(sent)
    expect(sent * frame.length).toBeLessThan(64 * 1024 * 1024)
  }
  expect(process.memoryUsage.rss() - before).toBeLessThan(128 * 1024 * 1024)
  expect(healthy.frames).toHaveLength(sent)
  await untilTrue(() => service.closes.length === 1)
  healthy.socket.terminate()
  stalled.socket.destroy()
})
