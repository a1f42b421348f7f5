import { afterAll, beforeAll, expect, setDefaultTimeout, test } from 'bun:test'
import { dial } from '../support/raw'
import { type Server, startServer } from '../support/server'
import { aStray, HOST, strays, verdictOf, wire } from './probe'

setDefaultTimeout(60_000)

let server: Server
beforeAll(async () => {
  server = await startServer()
})
afterAll(() => server[Symbol.asyncDispose]())

interface Head {
  first?: string
  /** Header lines in place of the host. */
  host?: string[]
  /** Header lines in place of the key. */
  key?: string[]
  more?: string[]
}

/** A request that registers a patient, if what is wrong with its head is passed over. */
function registering({ first = 'POST /api/patients HTTP/1.1', host = [HOST], key, more = [] }: Head = {}): string {
  const body = aStray()
  const framing = ['Content-Type: application/json', `Content-Length: ${body.length}`]
  return wire([first, ...host, ...(key ?? [`Finance: ${server.key}`]), ...framing, ...more], body)
}

const refused = '400, closed'
const noHost = '400 invalid_request, in step'
const twoKeys = '400 key_ambiguous, in step'

const cases: [what: string, head: () => Head, verdict: string][] = [
  ['no host', () => ({ host: [] }), refused],
  ['two hosts', () => ({ host: [HOST, 'Host: other.example'] }), noHost],
  ['the same host twice', () => ({ host: [HOST, HOST] }), noHost],
  ['a list of hosts', () => ({ host: ['Host: localhost,other.example'] }), noHost],
  ['an empty host', () => ({ host: ['Host:'] }), noHost],
  ['a path in the host', () => ({ host: ['Host: localhost/docs'] }), noHost],
  ['a path and a query in the host', () => ({ host: ['Host: localhost/api/patients?'] }), noHost],
  ['a fragment in the host', () => ({ host: ['Host: localhost#'] }), noHost],
  ['a user in the host', () => ({ host: ['Host: user:word@localhost'] }), noHost],
  ['a blank in the host', () => ({ host: ['Host: local host'] }), noHost],
  ['a port that is no number', () => ({ host: ['Host: localhost:http'] }), noHost],
  ['a backslash in the host', () => ({ host: ['Host: localhost\\docs'] }), noHost],
  ['letters beyond ASCII in the host', () => ({ host: ['Host: localhost\xe9'] }), noHost],
  ['a host on a folded line', () => ({ host: ['Host:', ' localhost'] }), refused],
  ['two Finance headers', () => ({ more: [`Finance: ${server.key}`] }), twoKeys],
  ['a second, empty Finance header', () => ({ more: ['Finance:'] }), twoKeys],
  ['an empty Finance header first', () => ({ key: ['Finance:', `Finance: ${server.key}`] }), twoKeys],
  ['two Finance headers in other letters', () => ({ more: [`FINANCE: ${server.key}`] }), twoKeys],
  ['another key as bearer', () => ({ more: ['Authorization: Bearer other'] }), twoKeys],
  [
    'two bearer tokens',
    () => ({ key: [`Authorization: Bearer ${server.key}`, 'Authorization: Bearer other'] }),
    twoKeys,
  ],
  ['a key in Finance_', () => ({ key: [`Finance_: ${server.key}`] }), '401 key_missing, in step'],
  ['a key on a folded line', () => ({ key: ['Finance:', ` ${server.key}`] }), refused],
  ['a blank before the colon of the key', () => ({ key: [`Finance : ${server.key}`] }), refused],
  ['a key after a carriage return', () => ({ key: [`X: a\rFinance: ${server.key}`] }), refused],
  ['a key after a line feed', () => ({ key: [`X: a\nFinance: ${server.key}`] }), refused],
  ['a NUL in the key', () => ({ key: [`Finance: ${server.key}\0`] }), refused],
  ['a header without a name', () => ({ more: [': x'] }), refused],
  ['a header without a colon', () => ({ more: ['nothing'] }), refused],
  ['a blank in the name of a header', () => ({ more: ['X Y: x'] }), refused],
  ['a bracket in the name of a header', () => ({ more: ['X(Y: x'] }), refused],
  ['letters beyond ASCII in the name of a header', () => ({ more: ['X\xe9: x'] }), refused],
  ['a NUL in a header', () => ({ more: ['X: a\0b'] }), refused],
  ['a blank before the first header', () => ({ host: [` ${HOST}`] }), refused],
  ['more than 200 headers', () => ({ more: Array.from({ length: 200 }, (_, at) => `X-${at}: x`) }), '431, closed'],
  ['a header of 20 KB', () => ({ more: [`X: ${'x'.repeat(20_000)}`] }), '431, closed'],
  ['headers of 20 KB in all', () => ({ more: Array(20).fill(`X: ${'x'.repeat(1000)}`) }), '431, closed'],
  ['a header of 2 MB', () => ({ more: [`X: ${'x'.repeat(2_000_000)}`] }), '431, closed'],
  ['an address of 20 KB', () => ({ first: `POST /api/patients?${'x'.repeat(20_000)} HTTP/1.1` }), '431, closed'],
  ['a blank before the method', () => ({ first: ' POST /api/patients HTTP/1.1' }), refused],
  ['two blanks after the method', () => ({ first: 'POST  /api/patients HTTP/1.1' }), refused],
  ['tabs for blanks', () => ({ first: 'POST\t/api/patients\tHTTP/1.1' }), '505, closed'],
  ['no version', () => ({ first: 'POST /api/patients' }), '505, closed'],
  ['version 2.0', () => ({ first: 'POST /api/patients HTTP/2.0' }), '505, closed'],
  ['version 1.2', () => ({ first: 'POST /api/patients HTTP/1.2' }), '505, closed'],
  ['a version in small letters', () => ({ first: 'POST /api/patients http/1.1' }), '505, closed'],
  ['a NUL in the path', () => ({ first: 'POST /api/patients\0 HTTP/1.1' }), '505, closed'],
  [
    'letters beyond ASCII in the path',
    () => ({ first: 'POST /api/patients\xe9 HTTP/1.1' }),
    '404 no_such_path, in step',
  ],
  ['no slash before the path', () => ({ first: 'POST api/patients HTTP/1.1' }), refused],
  ['two slashes before the path', () => ({ first: 'POST //api/patients HTTP/1.1' }), '404 no_such_path, in step'],
  ['a slash written as %2f', () => ({ first: 'POST /api%2fpatients HTTP/1.1' }), '404 no_such_path, in step'],
  ['a letter written as %70', () => ({ first: 'POST /api/%70atients HTTP/1.1' }), '404 no_such_path, in step'],
  ['a fragment in the path', () => ({ first: 'POST /api/patients#x HTTP/1.1' }), '404 no_such_path, in step'],
  ['a path parameter', () => ({ first: 'POST /api/patients;x=1 HTTP/1.1' }), '404 no_such_path, in step'],
  ['an address of another scheme', () => ({ first: 'POST ftp://localhost/api/patients HTTP/1.1' }), refused],
  ['a star for a path', () => ({ first: 'OPTIONS * HTTP/1.1' }), refused],
  ['CONNECT of a path', () => ({ first: 'CONNECT /api/patients HTTP/1.1' }), '405 method_not_allowed, in step'],
  ['TRACE', () => ({ first: 'TRACE /api/patients HTTP/1.1' }), '405 method_not_allowed, in step'],
  ['OPTIONS', () => ({ first: 'OPTIONS /api/patients HTTP/1.1' }), '405 method_not_allowed, in step'],
  ['PROPFIND', () => ({ first: 'PROPFIND /api/patients HTTP/1.1' }), '405 method_not_allowed, in step'],
  ['a method that nobody knows', () => ({ first: 'BREW /api/patients HTTP/1.1' }), 'closed'],
  ['a method in small letters', () => ({ first: 'post /api/patients HTTP/1.1' }), 'closed'],
  ['a method of 1000 letters', () => ({ first: `${'A'.repeat(1000)} /api/patients HTTP/1.1` }), 'closed'],
]

test.each(cases)('a request with %s reaches nothing, and what follows is read rightly', async (_, head, verdict) => {
  expect(await verdictOf(server, registering(head()))).toBe(verdict)
  expect(await strays(server)).toBe(0)
})

test.each([
  ['lines that end in a line feed alone', () => registering().replaceAll('\r\n', '\n'), '505, closed'],
  ['lines that end in a carriage return alone', () => registering().replaceAll('\r\n', '\r'), '505, closed'],
  ['empty lines before it', () => `\r\n\r\n${registering()}`, refused],
  ['the preface of HTTP/2', () => `PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n${registering()}`, refused],
  ['the greeting of TLS', () => `\x16\x03\x01\x00\xa5\x01\x00\x00\xa1\x03\x03${registering()}`, refused],
  ['bytes that mean nothing', () => `\x00\x01\x02\x03\r\n\r\n${registering()}`, refused],
])('a request with %s reaches nothing', async (_, bytes, verdict) => {
  expect(await verdictOf(server, bytes())).toBe(verdict)
  expect(await strays(server)).toBe(0)
})

test('bytes after a request end the connection, and are answered as a request of their own', async () => {
  const plain = wire(['GET /health/live HTTP/1.1', HOST])
  expect(await verdictOf(server, `${plain}junk junk\r\n\r\n`)).toBe('200, 400, closed')
  expect(await verdictOf(server, plain + plain + plain)).toBe('200, 200, 200, in step')
})

test('CONNECT opens no tunnel, and nothing after it is read', async () => {
  using connection = await dial(server.port)
  connection.send(registering({ first: 'CONNECT localhost:443 HTTP/1.1' }))
  expect((await connection.hear(1)).answers.map(({ status }) => status)).toEqual([404])
  connection.send(registering())
  expect((await connection.hear(2, 300)).answers).toHaveLength(1)
  expect(await strays(server)).toBe(0)
})

test('a path written with dots asks for a key like the path that it comes to', async () => {
  for (const path of ['/docs/../api/patients', '/docs/%2e%2e/api/patients', '/docs\\..\\api\\patients']) {
    expect(await verdictOf(server, registering({ first: `POST ${path} HTTP/1.1`, key: [] }))).toBe(
      '401 key_missing, in step',
    )
  }
  expect(await strays(server)).toBe(0)
})

test('the name in an absolute address opens nothing: the key is asked for all the same, and pages are judged by the Host', async () => {
  for (const authority of ['evil.example', 'localhost:1', 'user:word@localhost', 'a,b', '']) {
    const first = `POST http://${authority}/api/patients HTTP/1.1`
    expect(await verdictOf(server, registering({ first, key: [] }))).toBe('401 key_missing, in step')
    expect(await verdictOf(server, registering({ first, host: [HOST, 'Host: other.example'] }))).toBe(noHost)
    expect(await verdictOf(server, registering({ first, host: [] }))).toBe(refused)
  }
  const handshake = ['Connection: Upgrade', 'Upgrade: websocket', 'Sec-WebSocket-Version: 13']
  const evil = [`Finance: ${server.key}`, 'Origin: http://evil.example', 'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==']
  const first = 'GET http://evil.example/ws/notify HTTP/1.1'
  expect(await verdictOf(server, wire([first, HOST, ...handshake, ...evil]))).toBe('403 origin_not_allowed, in step')
  expect(await strays(server)).toBe(0)
})

test('nothing that was sent is in what the server wrote, and none of it was an error', () => {
  expect(server.output()).not.toContain(server.key)
  expect(server.output()).not.toContain('Smuggled')
  expect(server.output()).not.toContain('"level":"error"')
})

test('the same request with a right head does register a patient, whatever name or address the host is', async () => {
  const hosts = ['localhost', 'LOCALHOST:8080', 'hospital', '10.0.0.1:80', '[::1]:8080', 'a.hospital-1_2.example.', 'a']
  for (const host of hosts) {
    expect(`${host} ${await verdictOf(server, registering({ host: [`Host: ${host}`] }))}`).toBe(`${host} 201, in step`)
  }
  expect(await verdictOf(server, registering({ first: 'POST http://localhost/api/patients HTTP/1.1' }))).toBe(
    '201, in step',
  )
  expect(await verdictOf(server, registering({ first: 'POST /api/patients HTTP/1.0' }))).toBe('201, closed')
  expect(await verdictOf(server, registering({ key: [`finance:\t${server.key} `] }))).toBe('201, in step')
  expect(await strays(server)).toBe(hosts.length + 3)
})
