import { afterAll, beforeAll, expect, setDefaultTimeout, test } from 'bun:test'
import { dial } from '../support/raw'
import { type Server, startServer } from '../support/server'
import { aStray, HOST, hidden, strays, verdictOf, wire } from './probe'

setDefaultTimeout(60_000)

let server: Server
beforeAll(async () => {
  server = await startServer()
})
afterAll(() => server[Symbol.asyncDispose]())

const POST = 'POST /api/patients HTTP/1.1'
const JSON_TYPE = 'Content-Type: application/json'
const CHUNKED = 'Transfer-Encoding: chunked'

/** A request with a key that registers a patient if anybody can make sense of it. */
const post = (framing: string[], body: string, first = POST) =>
  wire([first, HOST, `Finance: ${server.key}`, JSON_TYPE, ...framing], body)

/** The framing that `named` gives for the size of a body, and then the body. */
const sized = (named: (size: number) => string[]) => {
  const body = aStray()
  return post(named(body.length), body)
}

/** A body as one chunk, each piece of its syntax to be replaced. */
function chunked({ size = '', afterSize = '\r\n', afterData = '\r\n', last = '0\r\n\r\n' } = {}, headers = [CHUNKED]) {
  const body = aStray()
  return post(headers, `${size || body.length.toString(16)}${afterSize}${body}${afterData}${last}`)
}

const refused = '400, closed'

const cases: [what: string, bytes: () => string, verdict: string][] = [
  ['Content-Length before chunked', () => post(['Content-Length: 6', CHUNKED], `0\r\n\r\n${hidden(server)}`), refused],
  ['chunked before Content-Length', () => post([CHUNKED, 'Content-Length: 6'], `0\r\n\r\n${hidden(server)}`), refused],
  ['chunked and a Content-Length of 0', () => chunked({}, [CHUNKED, 'Content-Length: 0']), refused],
  ['two sizes that differ', () => sized((size) => [`Content-Length: ${size}`, 'Content-Length: 0']), refused],
  ['a size of 0 and then another', () => sized((size) => ['Content-Length: 0', `Content-Length: ${size}`]), refused],
  [
    'the same size twice',
    () => sized((size) => [`Content-Length: ${size}`, `Content-Length: ${size}`]),
    '400 invalid_request, in step',
  ],
  ['a list of sizes', () => sized((size) => [`Content-Length: ${size}, ${size}`]), refused],
  ['a size with a sign', () => sized((size) => [`Content-Length: +${size}`]), refused],
  ['a negative size', () => sized(() => ['Content-Length: -1']), refused],
  ['a size in hexadecimal', () => sized((size) => [`Content-Length: 0x${size.toString(16)}`]), refused],
  ['a size with a blank in it', () => sized((size) => [`Content-Length: ${[...`${size}`].join(' ')}`]), refused],
  ['a size with a fraction', () => sized((size) => [`Content-Length: ${size}.0`]), refused],
  ['a size with an exponent', () => sized((size) => [`Content-Length: ${size}e0`]), refused],
  ['an empty size', () => sized(() => ['Content-Length:']), refused],
  ['a size beyond 64 bits', () => sized((size) => [`Content-Length: ${2n ** 64n + BigInt(size)}`]), refused],
  ['a size of 23 digits', () => sized(() => [`Content-Length: ${'9'.repeat(23)}`]), refused],
  ['a size of 10 TB', () => sized(() => ['Content-Length: 9999999999999']), '413, closed'],
  ['a blank before the colon of the size', () => sized((size) => [`Content-Length : ${size}`]), refused],
  ['a size on a folded line', () => sized((size) => ['Content-Length:', ` ${size}`]), refused],
  ['an encoding that is not known', () => chunked({}, ['Transfer-Encoding: xchunked']), refused],
  ['gzip for an encoding', () => chunked({}, ['Transfer-Encoding: gzip']), refused],
  ['gzip before chunked', () => chunked({}, ['Transfer-Encoding: gzip, chunked']), refused],
  ['identity after chunked', () => chunked({}, ['Transfer-Encoding: chunked, identity']), refused],
  ['identity with a size', () => sized((size) => ['Transfer-Encoding: identity', `Content-Length: ${size}`]), refused],
  ['chunked twice', () => chunked({}, [CHUNKED, CHUNKED]), refused],
  ['a list of chunked twice', () => chunked({}, ['Transfer-Encoding: chunked, chunked']), refused],
  ['a blank before the colon of chunked', () => chunked({}, ['Transfer-Encoding : chunked']), refused],
  ['chunked behind a vertical tab', () => chunked({}, ['Transfer-Encoding: \x0bchunked']), refused],
  ['chunked behind a NUL', () => chunked({}, ['Transfer-Encoding: \0chunked']), refused],
  ['chunked in quotes', () => chunked({}, ['Transfer-Encoding: "chunked"']), refused],
  ['an empty encoding', () => chunked({}, ['Transfer-Encoding:']), refused],
  ['chunked on HTTP/1.0', () => chunked({}).replace('HTTP/1.1', 'HTTP/1.0'), refused],
  ['a chunk size that is no number', () => chunked({ size: 'zz' }), refused],
  ['a negative chunk size', () => chunked({ size: '-1' }), refused],
  ['a chunk size with 0x', () => chunked({ size: '0x2f' }), refused],
  ['a chunk size beyond 64 bits', () => chunked({ size: `1${'0'.repeat(14)}2f` }), refused],
  ['a chunk size with a blank', () => chunked({ afterSize: ' \r\n' }), refused],
  ['a chunk size ended by a line feed alone', () => chunked({ afterSize: '\n' }), refused],
  ['a chunk extension with a line feed', () => chunked({ afterSize: ';\nx\r\n' }), refused],
  ['a chunk with nothing after it', () => chunked({ afterData: '' }), refused],
  ['a chunk with other bytes after it', () => chunked({ afterData: 'XX' }), refused],
  ['a chunk longer than its size', () => chunked({ size: '5' }), refused],
]

test.each(cases)(
  'a request with %s reaches nothing, and what follows is not taken for another',
  async (_, bytes, verdict) => {
    expect(await verdictOf(server, bytes())).toBe(verdict)
    expect(await strays(server)).toBe(0)
  },
)

test('a request within the body of a refused one is not taken for another', async () => {
  const inside = hidden(server)
  const head = (first: string) => wire([first, HOST, `Content-Length: ${inside.length}`], inside)
  expect(await verdictOf(server, head('POST /api/patients HTTP/1.1'))).toBe('401 key_missing, in step')
  expect(await verdictOf(server, head('GET /api/nothing HTTP/1.1'))).toBe('401 key_missing, in step')
  expect(await verdictOf(server, head('POST /health/live HTTP/1.1'))).toBe('405 method_not_allowed, in step')
  expect(await verdictOf(server, head('GET /nothing HTTP/1.1'))).toBe('404 no_such_path, in step')
  expect(await verdictOf(server, head('GET /health/live HTTP/1.1'))).toBe('200, in step')
  expect(await strays(server)).toBe(0)
})

test('a request within a body that is too large or not JSON is not taken for another', async () => {
  const inside = hidden(server)
  const large = `${' '.repeat(70_000)}${inside}`
  expect(await verdictOf(server, post([`Content-Length: ${large.length}`], large))).toBe('413 body_too_large, in step')
  expect(await verdictOf(server, post([CHUNKED], `${large.length.toString(16)}\r\n${large}\r\n0\r\n\r\n`))).toBe(
    '413 body_too_large, in step',
  )
  expect(await verdictOf(server, post([`Content-Length: ${inside.length}`], inside))).toBe(
    '400 malformed_json, in step',
  )
  expect(await strays(server)).toBe(0)
})

test('what follows the last chunk is never a request, and ends the connection', async () => {
  for (const last of [`0\r\n${hidden(server)}`, `0\r\nXX${hidden(server)}`, `0\r\nX: 1\r\n\r\n${hidden(server)}`]) {
    const bytes = wire([POST, HOST, JSON_TYPE, CHUNKED], `1\r\n7\r\n${last}`)
    expect(await verdictOf(server, bytes)).toEndWith('400, closed')
  }
  expect(await strays(server)).toBe(0)
})

test('a body that breaks off reaches nothing, and leaves no error behind', async () => {
  const body = aStray()
  for (const framing of [[`Content-Length: ${body.length + 1}`], [CHUNKED]]) {
    const begun = post(framing, framing[0] === CHUNKED ? `${body.length.toString(16)}\r\n${body}\r\n` : body)
    const connection = await dial(server.port)
    connection.send(begun)
    await connection.hear(1, 200)
    connection[Symbol.dispose]()
  }
  await server.call('GET', '/health/live')
  expect(await strays(server)).toBe(0)
  expect(server.output()).not.toContain('"level":"error"')
})

test('the same requests, rightly framed, do register a patient', async () => {
  expect(
    await verdictOf(
      server,
      sized((size) => [`Content-Length: ${size}`]),
    ),
  ).toBe('201, in step')
  expect(
    await verdictOf(
      server,
      sized((size) => [`content-length:\t${size}`]),
    ),
  ).toBe('201, in step')
  expect(await verdictOf(server, chunked())).toBe('201, in step')
  expect(await verdictOf(server, chunked({}, ['Transfer-Encoding: CHUNKED']))).toBe('201, in step')
  expect(await verdictOf(server, chunked({ afterSize: ';name=value\r\n' }))).toBe('201, in step')
  expect(await strays(server)).toBe(5)
  expect(await verdictOf(server, hidden(server))).toBe('201, in step')
  expect(await strays(server)).toBe(6)
})
