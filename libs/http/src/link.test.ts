import { afterEach, expect, test } from 'bun:test'
import { gathering, LINK_HEADER, LINK_PATH, linkedIn, NOT_BEGUN } from './link'
import { createLog } from './log'
import { type ServeOptions, serve } from './serve'

const ends: (() => unknown)[] = []
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end()
})

type Answer = (request: Request) => Response | Promise<Response>

function aProcess(answer: Answer, more: Partial<ServeOptions> = {}) {
  const log = createLog('silent', 'test')
  const process = serve({ app: { fetch: answer }, hostname: '127.0.0.1', port: 0, log, leavingMs: 0, ...more })
  ends.push(() => process.close())
  return process
}

/** What goes over a link to the service: heads and bodies in turn. */
function messageOf(...requests: [head: unknown, body?: string][]): string {
  const heads = requests.flatMap(([head, body]) => [body?.length ?? null, head])
  return `${JSON.stringify(heads)}\n${requests.map(([, body]) => body ?? '').join('')}`
}

/** An answer as a list: its number, its status, its headers, its body. */
type Answered = [number: number, status: number, headers: Record<string, string>, body?: string]
const answersOf = (message: string) =>
  linkedIn(message)!.map(({ head, body }) => [...(head as [number, number, object]), body] as Answered)

/** A link, with what came over it: messages, and how it was closed. */
async function aLink({ port }: { port: number }) {
  const messages: Answered[][] = []
  const socket = new WebSocket(`ws://127.0.0.1:${port}${LINK_PATH}`)
  const closed = Promise.withResolvers<number>()
  socket.onmessage = ({ data }) => messages.push(answersOf(String(data)))
  socket.onclose = ({ code }) => closed.resolve(code)
  await new Promise((resolve) => {
    socket.onopen = resolve
  })
  const answers = async (count: number) => {
    while (messages.flat().length < count) await Bun.sleep(1)
    return messages.flat()
  }
  return { socket, messages, answers, closed: closed.promise }
}

test('what comes in one turn of the event loop is sent together, and what is large at once', async () => {
  const sent: string[] = []
  const outgoing = gathering<number>((message) => sent.push(message))
  outgoing.add(1, '{"a":"é"}')
  outgoing.add(2, undefined)
  outgoing.add(3, '')
  expect(sent).toEqual([])
  await new Promise(setImmediate)
  expect(sent).toEqual(['[9,1,null,2,0,3]\n{"a":"é"}'])
  outgoing.add(4, undefined, 1024 ** 2)
  expect(sent.slice(1)).toEqual(['[null,4]\n'])
  outgoing.add(5, 'x'.repeat(1024 ** 2))
  expect(sent).toHaveLength(3)
  await new Promise(setImmediate)
  expect(sent).toHaveLength(3)
})

test('requests of a link are answered as any others are, each when it is done, by their numbers', async () => {
  const held = Promise.withResolvers<void>()
  const link = await aLink(
    aProcess(async (request) => {
      const { pathname, search } = new URL(request.url)
      if (pathname === '/slow') await held.promise
      if (pathname === '/none') return new Response(null, { status: 204 })
      const said = [request.method, search, request.headers.get('x-a'), await request.text()]
      return Response.json(said, { status: 201, headers: { location: '/b' } })
    }),
  )
  link.socket.send(
    messageOf(
      [[7, 'GET', '/slow', {}]],
      [[8, 'POST', '/x?a=%20b', { 'x-a': 'ü' }], '{"name":\n"නිමල් 😀"}'],
      [[9, 'DELETE', '/none', {}]],
      [[10, 'PUT', '/x', {}], 'the last one'],
    ),
  )
  const [first, second, third] = (await link.answers(3)).sort(([a], [b]) => a - b)
  expect(first!.slice(0, 2)).toEqual([8, 201])
  expect(first![2]).toMatchObject({ location: '/b', 'content-type': 'application/json;charset=utf-8' })
  expect(JSON.parse(first![3]!)).toEqual(['POST', '?a=%20b', 'ü', '{"name":\n"නිමල් 😀"}'])
  expect(second!.slice(0, 2)).toEqual([9, 204])
  expect(JSON.parse(third![3]!)).toEqual(['PUT', '', null, 'the last one'])
  held.resolve()
  const last = (await link.answers(4))[3]!
  expect([last[0], JSON.parse(last[3]!)]).toEqual([7, ['GET', '', null, '']])
})

test('what is no message of a link closes it; what fails is 500, and neither does anything to the others', async () => {
  const process = aProcess(({ url }) => {
    if (url.endsWith('/fault')) throw new Error('a fault')
    return new Response('done')
  })
  const link = await aLink(process)
  const get = [1, 'GET', '/', {}]
  const messages = [
    ...['', '{', '[', '\n', '{}\n', '7\n', 'null\n', '[null]\n', '[null,7]\n', '[null,["a","GET","/"]]\n'],
    ...[
      '[null,[1,"GET",7]]\n',
      JSON.stringify([null, get]),
      '["1",[1,"POST","/",{}]]\nx',
      '[1.5,[1,"POST","/",{}]]\nx',
    ],
    // bodies that are longer, or shorter, than what is said of them
    ...['[null,[1,"GET","/",{}]]\nx', '[2,[1,"POST","/",{}]]\nx', '[-1,[1,"POST","/",{}],2,[2,"POST","/",{}]]\nx'],
  ]
  for (const message of messages) {
    const other = await aLink(process)
    other.socket.send(message)
    expect([message, await other.closed]).toEqual([message, 1007])
  }
  link.socket.send(messageOf([[1, 'GET', '/fault', {}]], [[3, 'GET', '/', { 'a b': 'c' }]], [[4, 'GET', '/', {}]]))
  const statuses = Object.fromEntries((await link.answers(3)).map(([number, status]) => [number, status]))
  expect(statuses).toEqual({ 1: 500, 3: 500, 4: 200 })
})

test('a process that is told to stop says so over its links, begins nothing new at the end, and finishes what it began', async () => {
  const held = Promise.withResolvers<void>()
  const process = aProcess(
    async ({ url }) => {
      if (url.endsWith('/held')) await held.promise
      return new Response('done')
    },
    { leavingMs: 100 },
  )
  const link = await aLink(process)
  link.socket.send(messageOf([[1, 'GET', '/held', {}]]))
  const closed = process.close()
  link.socket.send(messageOf([[2, 'GET', '/', {}]]))
  expect((await link.answers(1))[0]).toMatchObject([2, 200, { connection: 'close' }, 'done'])
  await Bun.sleep(200)
  link.socket.send(messageOf([[3, 'GET', '/', {}]]))
  expect((await link.answers(2))[1]!.slice(0, 2)).toEqual([3, NOT_BEGUN])
  held.resolve()
  expect((await link.answers(3))[2]).toMatchObject([1, 200, {}, 'done'])
  expect(await link.closed).toBe(1001)
  await closed
})

test('a process says with its health that it takes links; one with sockets of its own takes none', async () => {
  const ask = (port: number, path: string) =>
    fetch(`http://127.0.0.1:${port}${path}`, {
      headers: { upgrade: 'websocket', connection: 'upgrade', 'sec-websocket-key': 'cmVmdXNlZCBiZWZvcmU4IQ==' },
    })
  const taking = aProcess(() => new Response('done'))
  expect((await fetch(`http://127.0.0.1:${taking.port}/health/live`)).headers.get(LINK_HEADER)).toBe(LINK_PATH)
  const other = aProcess(() => new Response('done'), { sockets: {} })
  expect((await fetch(`http://127.0.0.1:${other.port}/health/live`)).headers.has(LINK_HEADER)).toBe(false)
  expect((await ask(other.port, LINK_PATH)).status).toBe(200)
})
