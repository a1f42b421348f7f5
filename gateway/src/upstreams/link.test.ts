import { afterEach, expect, test } from 'bun:test'
import { type Caller, Refusal } from '@channelling/contract'
import { createLog, READY_PATH, type ServeOptions, serve } from '@channelling/http'
import { type RemoteOptions, remote } from './remote'

const caller: Caller = { clientId: 3, keyId: 4, access: 'own', scopes: ['bookings:write'] }
const log = createLog('silent', 'test')

const ends: (() => unknown)[] = []
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end()
})

type Answer = (request: Request) => Response | Promise<Response>

/** A process of a service that takes links, and counts what came over one and what on a connection of its own. */
function aProcess(answer: Answer, more: Partial<ServeOptions> = {}) {
  const came = { linked: 0, alone: 0 }
  const fetch = (request: Request) => {
    if (request.url.endsWith('/health/live')) return new Response()
    came[request.url.startsWith('http://localhost/') ? 'linked' : 'alone']++
    return answer(request)
  }
  const process = serve({ app: { fetch }, hostname: '127.0.0.1', port: 0, log, leavingMs: 0, ...more })
  ends.push(() => process.close())
  return { ...process, came, origin: `http://127.0.0.1:${process.port}` }
}

const outcome = (sending: Promise<Response>): Promise<string> =>
  sending.then(
    async (response) => `${response.status} ${await response.text()}`,
    (error) => (error instanceof Refusal ? error.reason : String(error)),
  )

/** A gateway whose links are open. */
async function aRemote(processes: ReturnType<typeof aProcess>[], more: Partial<RemoteOptions> = {}) {
  const origins = processes.map(({ origin }) => origin)
  const service = remote({ name: 'bookings', origins, atOnceMax: 4, secret: 'a secret for tests only', log, ...more })
  ends.push(() => service.close())
  const ask = (
    method: string,
    target: string,
    { body, headers }: { body?: string; headers?: Record<string, string> } = {},
    waits = false,
  ) => service.send({ target, method, body, headers }, caller, waits)
  while (processes.some(({ came }) => came.linked === 0)) {
    await ask('GET', '/first')
    await Bun.sleep(1)
  }
  for (const { came } of processes) Object.assign(came, { linked: 0, alone: 0 })
  return { ask, told: (...asked: Parameters<typeof ask>) => outcome(ask(...asked)) }
}

test('requests share one connection, and an answer comes back as it is: status, headers, body, large ones too', async () => {
  const large = JSON.stringify(Array.from({ length: 300_000 }, (_, at) => `"\\ ${at} é`))
  const process = aProcess(async (request) => {
    if (request.url.endsWith('/large')) return new Response(large)
    if (request.url.endsWith('/unchanged')) return new Response(null, { status: 304, headers: { etag: '"a"' } })
    return Response.json({ said: await request.text() }, { status: 201, headers: { location: '/b', connection: 'x' } })
  })
  const { ask, told } = await aRemote([process])
  const bodies = Array.from({ length: 200 }, (_, at) => `{"a":"${'é'.repeat(at)}"}`)
  const answers = await Promise.all(bodies.map((body) => ask('POST', '/x', { body })))
  for (const [at, answer] of answers.entries()) {
    expect(answer.status).toBe(201)
    expect(answer.headers.get('location')).toBe('/b')
    expect(answer.headers.has('connection')).toBe(false)
    expect(await answer.json()).toEqual({ said: bodies[at] })
  }
  expect(await told('GET', '/large')).toBe(`200 ${large}`)
  const unchanged = await ask('GET', '/unchanged')
  expect([unchanged.status, unchanged.body, unchanged.headers.get('etag')]).toEqual([304, null, '"a"'])
  expect(process.came).toEqual({ linked: 202, alone: 0 })
})

test('one that takes its time is in nobody’s way, and is over at its deadline', async () => {
  const process = aProcess(({ url }) => (url.endsWith('/never') ? new Promise(() => {}) : new Response('done')))
  const { told } = await aRemote([process], { deadlineMs: 2_000 })
  const began = performance.now()
  const never = told('GET', '/never')
  expect(await told('GET', '/x')).toBe('200 done')
  expect(performance.now() - began).toBeLessThan(1_500)
  expect(await never).toBe('service_unavailable')
  expect(performance.now() - began).toBeLessThan(4_000)
  expect(await told('GET', '/x')).toBe('200 done')
  expect(process.came).toEqual({ linked: 3, alone: 0 })
})

test('one that lives, and answers nothing over its link, is left alone after the first deadline until it says that it is ready', async () => {
  let stuck = false
  let ready = true
  const process = aProcess(({ url }) => {
    if (url.endsWith(READY_PATH)) return new Response(null, { status: ready ? 200 : 503 })
    return stuck ? new Promise(() => {}) : new Response('done')
  })
  const { told } = await aRemote([process], { deadlineMs: 1_200 })
  const several = () => Promise.all(Array.from({ length: 20 }, () => told('GET', '/x')))
  stuck = true
  ready = false
  expect(new Set(await several())).toEqual(new Set(['service_unavailable']))
  const known = performance.now()
  stuck = false
  while (performance.now() - known < 2_500) {
    const began = performance.now()
    expect(new Set(await several())).toEqual(new Set(['service_unavailable']))
    expect(performance.now() - began).toBeLessThan(1_000)
    await Bun.sleep(20)
  }
  expect(process.came.linked).toBe(20)
  ready = true
  const began = performance.now()
  while ((await told('GET', '/x')) !== '200 done') await Bun.sleep(10)
  expect(performance.now() - began).toBeLessThan(2_000)
})

test('where others are answered, calls that nobody waits for any more do not speak against the process', async () => {
  const process = aProcess(({ url }) => (url.endsWith('/slow') ? new Promise(() => {}) : new Response('done')))
  const { told } = await aRemote([process], { deadlineMs: 1_500 })
  let waiting = true
  const slow = Promise.all(Array.from({ length: 20 }, () => told('POST', '/slow'))).finally(() => {
    waiting = false
  })
  const others = new Set<string>()
  while (waiting) {
    others.add(await told('GET', '/x'))
    await Bun.sleep(5)
  }
  expect(new Set(await slow)).toEqual(new Set(['service_unavailable']))
  others.add(await told('GET', '/x'))
  expect(others).toEqual(new Set(['200 done']))
})

test('more than may be under way at a time wait for their turn', async () => {
  let now = 0
  let most = 0
  const process = aProcess(async () => {
    most = Math.max(most, ++now)
    await Bun.sleep(5)
    now--
    return new Response('done')
  })
  const { told } = await aRemote([process])
  const answers = await Promise.all(Array.from({ length: 1_000 }, () => told('GET', '/x')))
  expect(new Set(answers)).toEqual(new Set(['200 done']))
  expect(most).toBe(512)
})

test('an answer that does not end, or waits for something to happen, has a connection of its own', async () => {
  const process = aProcess(() => new Response('data: 1\n\n', { headers: { 'content-type': 'text/event-stream' } }))
  const { told } = await aRemote([process], { waitingMax: 2 })
  expect(await told('GET', '/x', { headers: { accept: 'text/event-stream' } }, true)).toBe('200 data: 1\n\n')
  expect(process.came).toEqual({ linked: 0, alone: 1 })
})

test('of a link that breaks, a read is sent again, and a write only with an Idempotency-Key that the service keeps', async () => {
  const key = { 'idempotency-key': 'a' }
  for (const [method, headers, answer] of [
    ['GET', {}, '200 done'],
    ['POST', {}, 'service_unavailable'],
    ['PUT', {}, 'service_unavailable'],
    ['POST', key, '200 done'],
  ] as const) {
    let times = 0
    let breakOff = () => {}
    const process = aProcess(() => {
      if (times++ > 0) return new Response('done')
      breakOff()
      return new Promise(() => {})
    })
    // between the two, so that the link can be broken while the process lives
    const relay = await aRelay(process.port)
    breakOff = relay.breakOff
    const { told } = await aRemoteBy(process, relay.origin)
    times = 0
    expect([method, headers, await told(method, '/x', { headers, ...(method !== 'GET' && { body: '{}' }) })]).toEqual([
      method,
      headers,
      answer,
    ])
    expect(times).toBe(answer === '200 done' ? 2 : 1)
    // the next probe opens it again
    const before = process.came.linked
    while (process.came.linked === before) {
      expect(await told('GET', '/x')).toBe('200 done')
      await Bun.sleep(20)
    }
  }
})

test('a link that breaks under many calls is one fault: the process is asked on', async () => {
  const process = aProcess(({ url }) => (url.endsWith('/held') ? new Promise(() => {}) : new Response('done')))
  const relay = await aRelay(process.port)
  const { told } = await aRemoteBy(process, relay.origin)
  const held = Array.from({ length: 20 }, () => told('POST', '/held'))
  while (process.came.linked < 20) await Bun.sleep(1)
  relay.breakOff()
  expect(new Set(await Promise.all(held))).toEqual(new Set(['service_unavailable']))
  expect(await told('GET', '/x')).toBe('200 done')
})

/** Passes bytes on, both ways, until it is told to break everything off. */
async function aRelay(port: number) {
  const open = new Set<Bun.Socket<unknown>>()
  const relay = Bun.listen<{ other?: Bun.Socket; early: Uint8Array[] }>({
    hostname: '127.0.0.1',
    port: 0,
    socket: {
      async open(socket) {
        open.add(socket)
        socket.data = { early: [] }
        const other = await Bun.connect({
          hostname: '127.0.0.1',
          port,
          socket: { data: (_, bytes) => void socket.write(bytes), close: () => void socket.end() },
        })
        for (const bytes of socket.data.early) other.write(bytes)
        socket.data.other = other
      },
      data(socket, bytes) {
        if (socket.data.other) socket.data.other.write(bytes)
        else socket.data.early.push(new Uint8Array(bytes))
      },
      close(socket) {
        open.delete(socket)
        socket.data.other?.end()
      },
    },
  })
  ends.push(() => relay.stop(true))
  return {
    origin: `http://127.0.0.1:${relay.port}`,
    breakOff() {
      for (const socket of open) socket.terminate()
    },
  }
}

const aRemoteBy = (process: ReturnType<typeof aProcess>, origin: string) =>
  aRemote([{ ...process, origin }], { keepsAnswers: true })

test('a process that leaves is asked nothing more; what it had not begun goes to another, what it had is answered', async () => {
  const held = Promise.withResolvers<void>()
  const leaver = aProcess(
    async ({ url }) => {
      if (url.endsWith('/held')) await held.promise
      return new Response('leaver')
    },
    { leavingMs: 300 },
  )
  const stayer = aProcess(() => new Response('stayer'))
  const { told } = await aRemote([leaver, stayer])
  const begun = [told('POST', '/held'), told('POST', '/held')]
  while (leaver.came.linked + stayer.came.linked < 2) await Bun.sleep(1)
  const closed = leaver.close()
  const until = performance.now() + 1_500
  const answers = new Map<string, number>()
  while (performance.now() < until) {
    const answer = await told('POST', '/x', { body: '{}' })
    answers.set(answer, (answers.get(answer) ?? 0) + 1)
    await Bun.sleep(2)
  }
  expect([...answers.keys()].filter((answer) => !/^200 (leaver|stayer)$/.test(answer))).toEqual([])
  held.resolve()
  expect((await Promise.all(begun)).sort()).toEqual(['200 leaver', '200 stayer'])
  await closed
  expect(await told('POST', '/x', { body: '{}' })).toBe('200 stayer')
})

test('what a process refuses to begin goes to another, a write without a key too', async () => {
  const held = Promise.withResolvers<void>()
  const leaver = aProcess(async () => {
    await held.promise
    return new Response('leaver')
  })
  const stayer = aProcess(() => new Response('stayer'))
  const release = () => held.resolve()
  setTimeout(release, 50)
  const { told } = await aRemote([leaver, stayer])
  Object.assign(held, Promise.withResolvers<void>())
  const begun = [told('GET', '/held'), told('GET', '/held')]
  while (leaver.came.linked < 1) await Bun.sleep(1)
  // it does not say that it leaves, and its link stays open for what is under way
  const closed = leaver.close()
  await Bun.sleep(50)
  for (let time = 0; time < 10; time++) expect(await told('POST', '/x', { body: '{}' })).toBe('200 stayer')
  expect(leaver.came).toEqual({ linked: 1, alone: 0 })
  held.resolve()
  expect((await Promise.all(begun)).sort()).toEqual(['200 leaver', '200 stayer'])
  await closed
})
