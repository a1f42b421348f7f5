import { afterAll, beforeAll, expect, test } from 'bun:test'
import { mkdtempSync, rmSync } from 'node:fs'
import { createServer, type Server, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createReceivers, type ReceiversOptions } from './receivers'

const open: { close(): unknown }[] = []
let folder: string
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'receivers-'))
})
afterAll(() => {
  for (const server of open) server.close()
  rmSync(folder, { recursive: true })
})

/** A receiver that writes bytes as it likes, once it has been written to. */
function bytes(write: (socket: Socket) => void): Promise<{ port: number; asked: () => string; server: Server }> {
  let asked = ''
  const server = createServer((socket) => {
    socket.on('error', () => {})
    socket.once('data', () => write(socket))
    socket.on('data', (chunk) => {
      asked += chunk
    })
  })
  open.push(server)
  return new Promise((resolve) =>
    server.listen(0, '127.0.0.1', () => {
      resolve({ port: (server.address() as { port: number }).port, asked: () => asked, server })
    }),
  )
}

const send = (url: string, options: Partial<ReceiversOptions> & { timeoutMs?: number } = {}) => {
  const { timeoutMs, ...others } = options
  const receivers = createReceivers({ ownNetworks: 'allow', ...others })
  return receivers.send({ url, headers: { 'webhook-id': 'a:1' }, body: '{"seq":1}', timeoutMs })
}

const head = (status: string, ...headers: string[]) =>
  `HTTP/1.1 ${status}\r\n${headers.map((one) => `${one}\r\n`).join('')}\r\n`

test.each([
  ['204', head('204 No Content'), null, 204],
  ['200 and says more than its length', `${head('200 OK', 'Content-Length: 1')}ok and more`, null, 200],
  ['200 and says less than its length', `${head('200 OK', 'Content-Length: 100')}ok`, null, 200],
  [
    '200 and not what its encoding says',
    `${head('200 OK', 'Content-Encoding: gzip', 'Content-Length: 3')}abc`,
    null,
    200,
  ],
  ['a redirect', head('302 Found', 'Location: http://169.254.169.254/', 'Content-Length: 0'), 'redirect', 302],
  ['304', head('304 Not Modified'), 'redirect', 304],
  ['410', head('410 Gone', 'Content-Length: 0'), 'status', 410],
  ['500', `${head('500 Oops', 'Content-Length: 4')}oops`, 'status', 500],
  ['nothing', '', 'no_answer', null],
  ['what is not HTTP', 'hello there\r\n\r\n', 'no_answer', null],
] as const)('a receiver that answers %s is understood for what it is', async (_what, answered, failure, httpStatus) => {
  const { port, asked } = await bytes((socket) => socket.end(answered))
  const answer = await send(`http://127.0.0.1:${port}/hooks?a=b`)
  expect(answer).toMatchObject({ failure, httpStatus })
  expect(answer.durationMs).toBeLessThan(2000)
  expect(asked()).toStartWith('POST /hooks?a=b HTTP/1.1\r\n')
  expect(asked().match(/POST/g)).toHaveLength(1)
})

test.each([
  ['never answers', () => {}],
  [
    'sends its head in drips',
    (socket: Socket) => {
      socket.write('HTTP/1.1 200 OK\r\n')
      const drip = setInterval(() => socket.write('X-A: b\r\n'), 20)
      socket.on('close', () => clearInterval(drip))
    },
  ],
])('a receiver that %s is cut off when the time is up', async (_what, write) => {
  const { port } = await bytes(write)
  const answer = await send(`http://127.0.0.1:${port}/`, { timeoutMs: 300 })
  expect(answer).toMatchObject({ httpStatus: null, failure: 'timeout' })
  expect(answer.durationMs).toBeGreaterThanOrEqual(290)
})

test('a body without an end, at once or in drips, is not waited for', async () => {
  let sent = 0
  let closed: () => void
  const hungUp = new Promise<void>((resolve) => {
    closed = resolve
  })
  const flood = await bytes((socket) => {
    socket.write(head('200 OK', 'Transfer-Encoding: chunked'))
    const chunk = `10000\r\n${'y'.repeat(65_536)}\r\n`
    const flooding = setInterval(() => {
      sent += chunk.length
      socket.write(chunk)
    }, 1)
    socket.on('close', () => {
      clearInterval(flooding)
      closed()
    })
  })
  const flooded = await send(`http://127.0.0.1:${flood.port}/`)
  expect(flooded).toMatchObject({ httpStatus: 200, failure: null })
  // it is not the time that ended it
  expect(flooded.durationMs).toBeLessThan(900)
  await hungUp
  expect(sent).toBeLessThan(50_000_000)
  const drips = await bytes((socket) => {
    socket.write(head('200 OK', 'Content-Length: 100000'))
    const drip = setInterval(() => socket.write('x'), 20)
    socket.on('close', () => clearInterval(drip))
  })
  expect(await send(`http://127.0.0.1:${drips.port}/`)).toMatchObject({ httpStatus: 200, failure: null })
})

test('Retry-After is read', async () => {
  const { port } = await bytes((socket) => socket.end(head('503 Busy', 'Retry-After: 7', 'Content-Length: 0')))
  expect(await send(`http://127.0.0.1:${port}/`)).toMatchObject({ httpStatus: 503, retryAfterMs: 7000 })
})

test('the address that was judged is the one that is connected to, however often the name changes its mind', async () => {
  const { port, asked } = await bytes((socket) => socket.end(head('204 No Content')))
  const told: string[] = []
  const answers = [['127.0.0.1'], ['10.255.255.1']]
  const resolve = async (name: string) => {
    told.push(name)
    return answers.shift() ?? ['10.255.255.1']
  }
  expect(await send(`http://hooks.example.test:${port}/`, { resolve })).toMatchObject({ httpStatus: 204 })
  expect(told).toEqual(['hooks.example.test'])
  expect(asked().toLowerCase()).toContain(`\r\nhost: hooks.example.test:${port}\r\n`)
})

test.each([
  ['one of one’s own', ['10.0.0.1']],
  ['its own machine', ['127.0.0.1']],
  ['one that holds its own machine', ['::ffff:127.0.0.1']],
  ['metadata', ['169.254.169.254']],
  ['a public one and one of one’s own', ['93.184.216.34', '192.168.0.1']],
])('a name with the address of %s is refused when it is registered and at every attempt', async (_what, addresses) => {
  const resolve = async () => addresses
  const receivers = createReceivers({ ownNetworks: 'refuse', resolve })
  const message = { url: 'https://hooks.example.test/', headers: {}, body: '{}' }
  expect(await receivers.send(message)).toMatchObject({ httpStatus: null, failure: 'address_refused' })
  await expect(receivers.judge('https://hooks.example.test/', 'body.url')).rejects.toMatchObject({
    reason: 'invalid_request',
    details: { fields: [{ path: 'body.url' }] },
  })
})

test('plain HTTP stays in networks of one’s own', async () => {
  const resolve = async () => ['93.184.216.34']
  expect(await send('http://hooks.example.test/', { resolve })).toMatchObject({ failure: 'address_refused' })
})

test('a name that nobody knows may be registered, and is told of at the attempt', async () => {
  const receivers = createReceivers({ ownNetworks: 'refuse', resolve: async () => [] })
  await receivers.judge('https://hooks.example.test/', 'body.url')
  expect(await receivers.send({ url: 'https://hooks.example.test/', headers: {}, body: '{}' })).toMatchObject({
    failure: 'name_not_found',
  })
})

test('a name that is never answered for counts as an attempt whose time is up', async () => {
  const resolve = () => new Promise<string[]>(() => {})
  expect(await send('http://hooks.example.test/', { resolve, timeoutMs: 100 })).toMatchObject({ failure: 'timeout' })
})

test('of several addresses the next one is tried where nobody listens at the first', async () => {
  const { port } = await bytes((socket) => socket.end(head('204 No Content')))
  const resolve = async () => ['127.0.0.2', '127.0.0.1']
  expect(await send(`http://hooks.example.test:${port}/`, { resolve })).toMatchObject({ httpStatus: 204 })
})

test('a certificate has to be the name’s, though the connection goes to an address', async () => {
  const made = Bun.spawnSync(
    [
      ...'openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -keyout key.pem -out cert.pem'.split(
        ' ',
      ),
      '-subj',
      '/CN=hooks.example.test',
      '-addext',
      'subjectAltName=DNS:hooks.example.test',
    ],
    { cwd: folder },
  )
  expect(made.exitCode).toBe(0)
  // who is trusted is settled when a process starts
  const script = join(folder, 'client.ts')
  await Bun.write(
    script,
    `import { createReceivers } from '${import.meta.dir}/receivers'
    const server = Bun.serve({ port: 0, hostname: '127.0.0.1', fetch: (request) => new Response(request.headers.get('host')),
      tls: { cert: Bun.file('${folder}/cert.pem'), key: Bun.file('${folder}/key.pem') } })
    const { send } = createReceivers({ ownNetworks: 'allow', resolve: async () => ['127.0.0.1'] })
    const outcomes = []
    for (const name of ['hooks.example.test', 'other.example.test', '127.0.0.1']) {
      const { httpStatus, failure } = await send({ url: \`https://\${name}:\${server.port}/\`, headers: {}, body: '{}' })
      outcomes.push([httpStatus, failure])
    }
    console.log(JSON.stringify(outcomes))
    process.exit(0)`,
  )
  const run = (environment: Record<string, string>) =>
    JSON.parse(
      Bun.spawnSync([process.execPath, script], { env: { PATH: process.env.PATH, ...environment } }).stdout.toString(),
    )
  expect(run({ NODE_EXTRA_CA_CERTS: `${folder}/cert.pem` })).toEqual([
    [200, null],
    [null, 'tls'],
    [null, 'tls'],
  ])
  expect(run({})).toEqual(Array(3).fill([null, 'tls']))
})

test('an attempt ends when there is to be no more', async () => {
  const { port } = await bytes(() => {})
  const ending = new AbortController()
  const receivers = createReceivers({ ownNetworks: 'allow' })
  const sending = receivers.send({ url: `http://127.0.0.1:${port}/`, headers: {}, body: '{}' }, ending.signal)
  ending.abort(new Error('closing'))
  await expect(sending).rejects.toThrow('closing')
})
