import { afterAll, beforeAll, expect, setDefaultTimeout, test } from 'bun:test'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { WebSocket } from 'ws'
import { dial } from '../support/raw'
import { type Server, startServer } from '../support/server'
import { HOST, wire } from './probe'

setDefaultTimeout(60_000)

let folder: string
const at = (name: string) => join(folder, name)

/** Makes a certificate for this machine, and its key, as an operator would. */
function certify(name: string): void {
  const made = Bun.spawnSync([
    ...['openssl', 'req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '2', '-subj', '/CN=localhost'],
    ...['-addext', 'subjectAltName=DNS:localhost,IP:127.0.0.1'],
    ...['-keyout', at(`${name}.key`), '-out', at(`${name}.pem`)],
  ])
  if (made.exitCode !== 0) throw new Error(made.stderr.toString())
}

let server: Server
let ca: string
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'tls-'))
  certify('one')
  certify('other')
  writeFileSync(at('text.pem'), 'this is no certificate\n')
  writeFileSync(at('broken.pem'), readFileSync(at('one.pem'), 'utf8').slice(0, 200))
  Bun.spawnSync(['openssl', 'rsa', '-aes256', '-passout', 'pass:word', '-in', at('one.key'), '-out', at('locked.key')])
  ca = readFileSync(at('one.pem'), 'utf8')
  server = await startServer({
    environment: { TLS_CERT: at('one.pem'), TLS_KEY: at('one.key') },
  })
})
afterAll(async () => {
  await server?.[Symbol.asyncDispose]()
  rmSync(folder, { recursive: true })
})

test('the API is spoken to over HTTPS, and a location stays a path', async () => {
  expect(server.url).toStartWith('https://')
  expect((await server.call('GET', '/api/channel/specialities')).status).toBe(200)
  const made = await server.call('POST', '/api/patients', { name: 'Jane Doe', phone: '0771234567' })
  expect([made.status, made.headers.get('location')]).toEqual([201, '/api/patients/1'])
  expect((await server.call('GET', '/api/patients/1', undefined, { key: null })).status).toBe(401)
  expect((await server.call('GET', '/docs')).status).toBe(200)
})

test.each(['h', 'ab', 'his', 'a.hospital.example'])('it is spoken to by the host %s', async (host) => {
  const reply = await fetch(`${server.url}/api/channel/specialities?query=/`, {
    headers: { finance: server.key, host },
    tls: { ca, checkServerIdentity: () => undefined },
  })
  expect([reply.status, (await reply.json()) as object]).toMatchObject([200, { data: [] }])
})

test('who does not trust the certificate does not speak to it', async () => {
  const trusting = (tls: object) => fetch(`${server.url}/health/live`, { tls }).then(({ status }) => status)
  expect(await trusting({ ca })).toBe(200)
  await expect(trusting({})).rejects.toThrow()
  await expect(trusting({ ca: readFileSync(at('other.pem'), 'utf8') })).rejects.toThrow()
})

test('the socket is a wss', async () => {
  const url = `${server.url.replace('https', 'wss')}/ws/notify`
  const socket = new WebSocket(url, { headers: { Finance: server.key }, ca } as never)
  const opened = await new Promise<boolean>((resolve) => {
    socket.on('open', () => resolve(true))
    socket.on('error', () => resolve(false))
  })
  expect(opened).toBe(true)
  socket.terminate()
})

test('a request without TLS gets no answer of the API', async () => {
  using connection = await dial(server.port)
  connection.send(wire(['GET /health/live HTTP/1.1', HOST]))
  const { answers } = await connection.hear(1, 500)
  expect(answers).toEqual([])
})

const faults: [what: string, cert: string, key: string, line: string][] = [
  [
    'a certificate that is not there',
    'none.pem',
    'one.key',
    'TLS_CERT cannot be read: it must be the path of a PEM file',
  ],
  ['a key that is not there', 'one.pem', 'none.key', 'TLS_KEY cannot be read: it must be the path of a PEM file'],
  ['a folder for a certificate', '', 'one.key', 'TLS_CERT cannot be read: it must be the path of a PEM file'],
  ['a text for a certificate', 'text.pem', 'one.key', 'TLS_CERT is not a PEM file'],
  ['half a certificate', 'broken.pem', 'one.key', 'TLS_CERT is not a certificate'],
  ['a key for a certificate', 'one.key', 'one.key', 'TLS_CERT is not a certificate'],
  ['a certificate for a key', 'one.pem', 'one.pem', 'TLS_KEY is not a private key, or asks for a passphrase'],
  ['a key with a passphrase', 'one.pem', 'locked.key', 'TLS_KEY is not a private key, or asks for a passphrase'],
]

/** What a start says that cannot be. */
const refused = (cert: string, key: string) =>
  startServer({ environment: { TLS_CERT: at(cert), TLS_KEY: at(key) } }).then(
    () => 'it started',
    (error: Error) => error.message,
  )

test.each(faults)('%s stops the start with a line that says so', async (_, cert, key, line) => {
  expect(await refused(cert, key)).toBe(`the server ended with 1: These settings cannot be used:\n  ${line}\n`)
})

test('the key of another stops the start in one line', async () => {
  expect(await refused('one.pem', 'other.key')).toBe('the server ended with 1: TLS_KEY is not the key of TLS_CERT\n')
})
