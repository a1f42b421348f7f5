import { afterAll, beforeAll, expect, setDefaultTimeout, test } from 'bun:test'
import { aClient } from '../support/client'
import { aHospital, aSession } from '../support/hospital'
import { connectPlain, plainClients } from '../support/plain-client'
import { type Server, startServer } from '../support/server'
import { HandshakeRefused, subscribe } from '../support/socket'

setDefaultTimeout(60_000)

const hospital = { seed: aHospital({ sessions: Array.from({ length: 12 }, () => aSession({ capacity: 0 })) }) }

/** Screens are told of what happens while they are connected: none hears of another test. */
let server: Server
beforeAll(async () => {
  server = await startServer(hospital)
})
afterAll(() => server?.[Symbol.asyncDispose]())

const book = async (server: Server, sessionInstanceId: number, more: object = {}) => {
  const { status, body } = await server.call('POST', '/api/channel/bookings', {
    sessionInstanceId,
    patientId: 1,
    ...more,
  })
  expect(status).toBe(201)
  return body.data.id as number
}
const put = async (server: Server, id: number, act: string, body?: object) =>
  expect((await server.call('PUT', `/api/channel/bookings/${id}/${act}`, body)).status).toBe(200)

/** What a handshake was refused with. */
async function refusal(server: Server, options: Parameters<typeof subscribe>[1]) {
  const refused = await subscribe(server, options).then(
    (socket) => {
      socket.close()
      return undefined
    },
    (error) => error,
  )
  if (!(refused instanceof HandshakeRefused)) return 'let in'
  expect(refused.body).toMatchObject({ status: 'error', code: refused.status })
  expect(refused.body.requestId).toBeString()
  return `${refused.status} ${refused.body.reason}`
}

test('every screen hears of every booking, byte for byte, in the order in which it happened', async () => {
  const screens = await Promise.all([subscribe(server), subscribe(server), subscribe(server)])
  const booked = await book(server, 12)
  const held = await book(server, 3, { hold: true })
  await put(server, held, 'complete')
  await put(server, booked, 'reschedule', { sessionInstanceId: 4 })
  await put(server, booked, 'cancel')
  await server.call('POST', '/api/channel/bookings', { sessionInstanceId: 99, patientId: 1 })
  await put(server, held, 'cancel')
  for (const screen of screens) {
    expect(await screen.got(7)).toEqual([
      'Online Booking Completed - 12',
      'Online Temporary Booking Added - 3',
      'Online Booking Completed - 3',
      'Online Booking Cancelled - 12',
      'Online Booking Completed - 4',
      'Online Booking Cancelled - 4',
      'Online Booking Cancelled - 3',
    ])
    screen.close()
  }
})

test('clients that nobody here wrote are sent the documented texts, each as one frame of text, byte for byte', async () => {
  const [required] = plainClients
  // its absence is a fault; another's is named, here and at the end of `bun run test`
  const present = plainClients.filter((client) => client === required || client.there())
  for (const { name } of plainClients.filter((client) => !present.includes(client))) console.log(`Not tried: ${name}`)
  await using clients = new AsyncDisposableStack()
  const all = await Promise.all(present.map(async (client) => clients.use(await connectPlain(client, server))))
  const held = await book(server, 3, { hold: true })
  await put(server, held, 'complete')
  await put(server, held, 'cancel')
  await book(server, 12)
  const documented = [
    'Online Temporary Booking Added - 3',
    'Online Booking Completed - 3',
    'Online Booking Cancelled - 3',
    'Online Booking Completed - 12',
  ].map((text) => `text ${Buffer.from(text, 'latin1').toString('hex')}`)
  for (const client of all) expect(await client.got(documented.length)).toEqual(documented)
})

test('a hundred bookings at once are a hundred frames, none lost and none twice', async () => {
  const screen = await subscribe(server)
  await Promise.all(Array.from({ length: 100 }, (_, index) => book(server, 1 + (index % 2))))
  await book(server, 2)
  const frames = await screen.got(101)
  expect(frames.filter((frame) => frame === 'Online Booking Completed - 1')).toHaveLength(50)
  expect(frames.filter((frame) => frame === 'Online Booking Completed - 2')).toHaveLength(51)
  expect(frames).toHaveLength(101)
  screen.close()
})

test('a ticket lets a browser in once, without a key', async () => {
  const issued = await server.call('POST', '/api/notifications/tickets')
  expect(issued.status).toBe(201)
  const query = `?access_token=${issued.body.data.ticket}`
  const screen = await subscribe(server, { key: null, query })
  await book(server, 5)
  expect(await screen.got(1)).toEqual(['Online Booking Completed - 5'])
  expect(await refusal(server, { key: null, query })).toBe('401 ticket_invalid')
  screen.close()
})

test('of many who come with one ticket at once, one is let in', async () => {
  const { ticket } = (await server.call('POST', '/api/notifications/tickets')).body.data
  const verdicts = await Promise.all(
    Array.from({ length: 20 }, () => refusal(server, { key: null, query: `?access_token=${ticket}` })),
  )
  expect(verdicts.sort()).toEqual([...Array(19).fill('401 ticket_invalid'), 'let in'])
})

test('without a key or ticket there is no socket, and the refusal is in the envelope', async () => {
  expect(await refusal(server, { key: null })).toBe('401 key_missing')
  expect(await refusal(server, { key: null, query: '?access_token=' })).toBe('401 key_missing')
  expect(await refusal(server, { key: null, query: '?access_token=junk' })).toBe('401 ticket_invalid')
  expect(await refusal(server, { key: null, query: `?access_token=${server.key}` })).toBe('401 ticket_invalid')
  expect(await refusal(server, { key: 'junk' })).toBe('401 key_unknown')
  const booker = await aClient(server, { scopes: ['bookings:write', 'notifications:write'] })
  expect(await refusal(server, { key: booker.key })).toBe('403 scope_missing')
  const screen = await aClient(server, { scopes: ['notifications:read'] })
  expect(await refusal(server, { key: screen.key })).toBe('let in')
  const plain = await server.call('GET', '/ws/notify')
  expect(`${plain.status} ${plain.body.reason}`).toBe('400 invalid_request')
})

test('NOTIFY_ACCESS=open lets old screens in without a key, and still refuses a key or ticket that is wrong', async () => {
  await using server = await startServer({ ...hospital, environment: { NOTIFY_ACCESS: 'open' } })
  const screen = await subscribe(server, { key: null })
  await book(server, 7)
  expect(await screen.got(1)).toEqual(['Online Booking Completed - 7'])
  expect(await refusal(server, { key: 'junk' })).toBe('401 key_unknown')
  expect(await refusal(server, { key: null, query: '?access_token=junk' })).toBe('401 ticket_invalid')
  screen.close()
})

test('a screen hears after a restart what happens then', async () => {
  const before = await subscribe(server)
  await book(server, 1)
  await before.got(1)
  await server.stop()
  await server.restart()
  const after = await subscribe(server)
  await book(server, 2)
  expect(await after.got(1)).toEqual(['Online Booking Completed - 2'])
  expect(before.frames).toEqual(['Online Booking Completed - 1'])
  after.close()
})
