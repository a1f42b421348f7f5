import { afterEach, expect, test } from 'bun:test'
import { createServer, type Socket } from 'node:net'
import { type Caller, Refusal } from '@channelling/contract'
import { createLog, DEADLINE_HEADER, IDENTITY_HEADER, READY_PATH, verifyIdentity } from '@channelling/http'
import { affinityOf, closest } from './affinity'
import { type RemoteOptions, remote } from './remote'

const SECRET = 'a secret for tests only'
const caller: Caller = { clientId: 3, keyId: 4, access: 'own', scopes: ['bookings:write'] }

const ends: (() => void)[] = []
afterEach(() => {
  for (const end of ends.splice(0)) end()
})

type Answer = (request: Request) => Response | Promise<Response>

/** A replica that lives, and otherwise does as it is told. */
function aReplica(answer: Answer) {
  const asked: { url: string; headers: Headers; body: string }[] = []
  const server = Bun.serve({
    port: 0,
    hostname: '127.0.0.1',
    idleTimeout: 0,
    async fetch(request) {
      if (request.url.endsWith('/health/live')) return new Response()
      asked.push({ url: request.url, headers: request.headers, body: await request.text() })
      return answer(request)
    },
  })
  const close = () => void server.stop(true)
  ends.push(close)
  return { origin: `http://127.0.0.1:${server.port}`, asked, close }
}

/** A replica that lives and hangs up on some requests, counted from 0, once it has read them. */
async function aBrokenReplica(breaks: (time: number) => boolean) {
  let asked = 0
  const sockets = new Set<Socket>()
  const server = createServer((socket) => {
    sockets.add(socket)
    socket.on('error', () => {})
    socket.on('data', (data) => {
      if (data.toString().startsWith('GET /health/live'))
        return socket.write('HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n')
      if (breaks(asked++)) socket.destroy()
      else socket.write('HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\ndone')
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  ends.push(() => {
    server.close()
    for (const socket of sockets) socket.destroy()
  })
  const { port } = server.address() as { port: number }
  return { origin: `http://127.0.0.1:${port}`, asked: () => asked }
}

function aRemote(origins: string[], more: Partial<RemoteOptions> = {}) {
  const log = createLog('silent', 'test')
  const service = remote({ name: 'bookings', origins, atOnceMax: 48, secret: SECRET, log, ...more })
  ends.push(() => service.close())
  return service
}

const aRequest = (
  method: string,
  path: string,
  { body, headers }: { body?: string; headers?: Record<string, string> } = {},
) => ({ target: path, method, body, headers })

const outcome = (sending: Promise<Response>): Promise<string> =>
  sending.then(
    async (response) => `${response.status} ${await response.text()}`,
    (error) => (error instanceof Refusal ? error.reason : String(error)),
  )

const nowhere = 'http://127.0.0.1:1'

test('a service is sent what the gateway built, who calls, and the instant after which nobody waits', async () => {
  const { origin, asked } = aReplica(() => new Response('done'))
  const path = '/api/channel/bookings?a=%20b'
  const sent = aRequest('POST', path, { body: '{"sessionId":1}', headers: { 'content-type': 'application/json' } })
  expect(await outcome(aRemote([origin]).send(sent, caller))).toBe('200 done')
  const [got] = asked
  expect(got!.url).toBe(`${origin}${path}`)
  expect(got!.body).toBe('{"sessionId":1}')
  expect(got!.headers.get('content-type')).toBe('application/json')
  const target = { method: 'POST', path: '/api/channel/bookings' }
  expect(verifyIdentity(SECRET, got!.headers.get(IDENTITY_HEADER), target, Date.now())).toEqual(caller)
  const left = Number(got!.headers.get(DEADLINE_HEADER)) - Date.now()
  expect(left).toBeGreaterThan(5_000)
  expect(left).toBeLessThanOrEqual(10_000)
})

test('an answer comes back as it is: status, headers, bytes, redirects and compression; what belongs to the connection stays', async () => {
  const zipped = Bun.gzipSync(Buffer.from('{"a":1}'))
  const { origin } = aReplica(({ url }) => {
    if (url.endsWith('/moved')) return new Response(null, { status: 302, headers: { location: '/elsewhere' } })
    if (url.endsWith('/unchanged')) return new Response(null, { status: 304, headers: { etag: '"a"' } })
    if (url.endsWith('/fault')) return new Response('{"status":"error"}', { status: 500 })
    return new Response(zipped, {
      headers: {
        'content-encoding': 'gzip',
        etag: '"z"',
        connection: 'x-inner',
        'x-inner': '1',
        'keep-alive': 'timeout=5',
      },
    })
  })
  const service = aRemote([origin])
  const get = (path: string) => service.send(aRequest('GET', path), caller)
  const answer = await get('/zipped')
  expect(Buffer.from(await answer.bytes())).toEqual(Buffer.from(zipped))
  expect(answer.headers.get('content-encoding')).toBe('gzip')
  expect(answer.headers.get('etag')).toBe('"z"')
  for (const name of ['connection', 'keep-alive', 'x-inner', 'transfer-encoding', 'date'])
    expect(answer.headers.has(name)).toBe(false)
  expect((await get('/moved')).headers.get('location')).toBe('/elsewhere')
  expect((await get('/unchanged')).status).toBe(304)
  expect(await outcome(get('/fault'))).toBe('500 {"status":"error"}')
})

test('of a connection that breaks, a read is sent again, and a write only with an Idempotency-Key that the service keeps', async () => {
  const key = { 'idempotency-key': 'a' }
  const cases: [method: string, headers: Record<string, string>, keepsAnswers: boolean, told: string, times: number][] =
    [
      ['GET', {}, false, '200 done', 2],
      ['POST', {}, true, 'service_unavailable', 1],
      ['POST', key, false, 'service_unavailable', 1],
      ['POST', key, true, '200 done', 2],
      ['PUT', key, true, '200 done', 2],
    ]
  for (const [method, headers, keepsAnswers, told, times] of cases) {
    const replica = await aBrokenReplica((time) => time === 0)
    const service = aRemote([replica.origin], { keepsAnswers })
    const body = method === 'GET' ? undefined : '{}'
    expect([method, headers, await outcome(service.send(aRequest(method, '/x', { headers, body }), caller))]).toEqual([
      method,
      headers,
      told,
    ])
    expect(replica.asked()).toBe(times)
  }
})

test('a write without an Idempotency-Key is sent once, also when a kept connection breaks under it', async () => {
  for (const method of ['POST', 'PUT', 'DELETE', 'PATCH']) {
    const replica = await aBrokenReplica((time) => time === 2)
    const service = aRemote([replica.origin], { keepsAnswers: true })
    const told: string[] = []
    for (const each of ['GET', method, method]) told.push(await outcome(service.send(aRequest(each, '/x'), caller)))
    expect([method, told]).toEqual([method, ['200 done', '200 done', 'service_unavailable']])
    expect(replica.asked()).toBe(3)
  }
})

test('a service that breaks most connections is not sent many times what callers asked', async () => {
  // three in a row at most, so that it is never taken for one that is down
  const replica = await aBrokenReplica((time) => time % 4 !== 3)
  const service = aRemote([replica.origin], { keepsAnswers: true })
  const headers = { 'idempotency-key': 'a' }
  for (let time = 0; time < 80; time++) await outcome(service.send(aRequest('POST', '/x', { headers }), caller))
  expect(replica.asked()).toBeLessThanOrEqual(80 + 10 + 80 / 10)
})

test('a service that breaks every connection is left alone after a few, also where it lives', async () => {
  const replica = await aBrokenReplica(() => true)
  const service = aRemote([replica.origin])
  for (let time = 0; time < 40; time++)
    expect(await outcome(service.send(aRequest('POST', '/x'), caller))).toBe('service_unavailable')
  expect(replica.asked()).toBe(5)
})

test('where nobody listens the answer is 503 at once, and a write that was not sent goes to the next replica', async () => {
  const began = performance.now()
  expect(await outcome(aRemote([nowhere]).send(aRequest('GET', '/x'), caller))).toBe('service_unavailable')
  expect(performance.now() - began).toBeLessThan(3_000)
  const { origin, asked } = aReplica(() => new Response('done'))
  const service = aRemote([nowhere, origin])
  for (let time = 0; time < 4; time++) {
    expect(await outcome(service.send(aRequest('POST', '/x', { body: '{}' }), caller))).toBe('200 done')
  }
  expect(asked).toHaveLength(4)
})

test('a service that went away is asked again once it is back', async () => {
  const first = aReplica(() => new Response('done'))
  const service = aRemote([first.origin])
  expect(await outcome(service.send(aRequest('GET', '/x'), caller))).toBe('200 done')
  await Bun.sleep(100)
  first.close()
  // between two probes: the first who is refused a connection tells for all
  const gone = performance.now()
  for (let time = 0; time < 100; time++) {
    expect(await outcome(service.send(aRequest('GET', '/x'), caller))).toBe('service_unavailable')
  }
  expect(performance.now() - gone).toBeLessThan(1_500)
  const again = Bun.serve({
    port: Number(new URL(first.origin).port),
    hostname: '127.0.0.1',
    fetch: () => new Response('back'),
  })
  ends.push(() => void again.stop(true))
  const began = performance.now()
  while ((await outcome(service.send(aRequest('GET', '/x'), caller))) !== '200 back') await Bun.sleep(10)
  expect(performance.now() - began).toBeLessThan(4_000)
})

test('past the deadline the answer is 503, also for those who were still waiting for their turn', async () => {
  const { origin, asked } = aReplica(() => new Promise(() => {}))
  const service = aRemote([origin], { deadlineMs: 2_000, atOnceMax: 2 })
  const began = performance.now()
  const told = await Promise.all(Array.from({ length: 5 }, () => outcome(service.send(aRequest('GET', '/x'), caller))))
  expect(new Set(told)).toEqual(new Set(['service_unavailable']))
  expect(performance.now() - began).toBeLessThan(3_500)
  expect(asked).toHaveLength(2)
})

/** A replica that lives, says whether it is ready, and answers nothing while it is stuck. */
function aStuckReplica() {
  const is = { stuck: true, ready: false }
  const replica = aReplica(({ url }) => {
    if (url.endsWith(READY_PATH)) return new Response(null, { status: is.ready ? 200 : 503 })
    return is.stuck ? new Promise(() => {}) : new Response('done')
  })
  return { is, ...replica, requests: () => replica.asked.filter(({ url }) => !url.endsWith(READY_PATH)).length }
}

test('a service that lives and answers nothing is left alone after the first deadline, until it says that it is ready', async () => {
  const { is, origin, requests } = aStuckReplica()
  const service = aRemote([origin], { deadlineMs: 1_200 })
  const several = async () =>
    new Set(await Promise.all(Array.from({ length: 20 }, () => outcome(service.send(aRequest('GET', '/x'), caller)))))
  const began = performance.now()
  expect(await several()).toEqual(new Set(['service_unavailable']))
  expect(performance.now() - began).toBeLessThan(2_300)
  is.stuck = false
  const known = performance.now()
  while (performance.now() - known < 2_500) {
    const asked = performance.now()
    expect(await several()).toEqual(new Set(['service_unavailable']))
    expect(performance.now() - asked).toBeLessThan(1_000)
    await Bun.sleep(20)
  }
  expect(requests()).toBe(20)
  is.ready = true
  const said = performance.now()
  while ((await outcome(service.send(aRequest('GET', '/x'), caller))) !== '200 done') await Bun.sleep(10)
  expect(performance.now() - said).toBeLessThan(2_000)
})

test('one that answers nothing although it says that it is ready is left alone for a second at a time', async () => {
  const { is, origin, requests } = aStuckReplica()
  is.ready = true
  const service = aRemote([origin], { deadlineMs: 1_200 })
  const several = () =>
    Promise.all(Array.from({ length: 20 }, () => outcome(service.send(aRequest('GET', '/x'), caller))))
  await several()
  const known = performance.now()
  while (performance.now() - known < 500) {
    expect(new Set(await several())).toEqual(new Set(['service_unavailable']))
    await Bun.sleep(20)
  }
  expect(requests()).toBe(20)
})

test('faults that come slowly add up, however often the service is found alive between them', async () => {
  const { origin, requests } = aStuckReplica()
  const service = aRemote([origin], { deadlineMs: 1_100 })
  const ask = () => outcome(service.send(aRequest('GET', '/x'), caller))
  for (let time = 0; time < 5; time++) expect(await ask()).toBe('service_unavailable')
  const known = performance.now()
  for (let time = 0; time < 20; time++) expect(await ask()).toBe('service_unavailable')
  expect(performance.now() - known).toBeLessThan(5_000)
  expect(requests()).toBe(5)
}, 15_000)

test('a service that hangs with hundreds of callers holds up nobody of another service', async () => {
  const hung = aReplica(() => new Promise(() => {}))
  const well = aReplica(() => new Response('done'))
  const hanging = aRemote([hung.origin], { deadlineMs: 2_000 })
  const other = aRemote([well.origin])
  const waiting = Array.from({ length: 600 }, () => outcome(hanging.send(aRequest('GET', '/x'), caller)))
  await Bun.sleep(50)
  const began = performance.now()
  expect(await outcome(other.send(aRequest('GET', '/x'), caller))).toBe('200 done')
  expect(performance.now() - began).toBeLessThan(1_500)
  expect(new Set(await Promise.all(waiting))).toEqual(new Set(['service_unavailable']))
})

test("one session's writes go to one replica, by the body or by the booking, and to another one while that is away", async () => {
  const replicas = [1, 2, 3].map((number) => aReplica(() => new Response(String(number))))
  const service = aRemote(
    replicas.map(({ origin }) => origin),
    { affinityOf },
  )
  const book = (session: number) =>
    outcome(
      service.send(
        aRequest('POST', '/api/channel/bookings', { body: `{"patientId":9,"sessionInstanceId": ${session}}` }),
        caller,
      ),
    )
  const homes = await Promise.all(Array.from({ length: 60 }, (_, session) => book(session)))
  expect(new Set(homes).size).toBe(3)
  expect(await Promise.all(homes.map((_, session) => book(session)))).toEqual(homes)
  expect(affinityOf('/api/channel/bookings/12/cancel', undefined)).toBe('booking 12')
  expect(affinityOf('/api/channel/bookings/12/reschedule', '{"sessionId":7}')).toBe('session 7')
  expect(affinityOf('/api/patients', '{"name":"a"}')).toBeUndefined()

  replicas[0]!.close()
  await book(homes.indexOf('200 1'))
  const moved = await Promise.all(homes.map((_, session) => book(session)))
  homes.forEach((home, session) => {
    if (home === '200 1') expect(moved[session]).not.toBe('200 1')
    else expect(moved[session]).toBe(home)
  })
})

test('a key keeps its replica, whatever the order in which they are named', () => {
  const all = ['a', 'b', 'c', 'd'].map((origin) => ({ origin }))
  for (let session = 0; session < 100; session++) {
    const key = `session ${session}`
    expect(closest([...all].reverse(), key)).toBe(closest(all, key)!)
  }
})
