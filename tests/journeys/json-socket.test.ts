import { expect, setDefaultTimeout, test } from 'bun:test'
import { DAY_MS } from '@channelling/contract'
import type { Database } from '@channelling/schema'
import { appendEvents } from '@channelling/schema/outbox'
import { aClient } from '../support/client'
import { isApart } from '../support/forms'
import { aHospital, aSession } from '../support/hospital'
import { type Server, startServer } from '../support/server'
import { HandshakeRefused, subscribe } from '../support/socket'

setDefaultTimeout(60_000)

const seed = aHospital({ sessions: Array.from({ length: 4 }, () => aSession({ capacity: 0 })) })

const book = async ({ call }: Pick<Server, 'call'>, sessionInstanceId: number) => {
  const { status, body } = await call('POST', '/api/channel/bookings', { sessionInstanceId, patientId: 1 })
  expect(status).toBe(201)
  return body.data.id as number
}

/** A client in JSON mode. */
async function listen(server: Server, options: Parameters<typeof subscribe>[1] = {}) {
  const socket = await subscribe(server, { protocols: ['channelling.v1+json'], ...options })
  return { ...socket, got: async (count: number) => (await socket.got(count)).map((frame) => JSON.parse(frame)) }
}

test('a client hears what happens, and another one only what it may know of it', async () => {
  await using server = await startServer({ seed })
  const [one, other] = [await aClient(server), await aClient(server)]
  const [all, own, strange] = await Promise.all([
    listen(server),
    listen(server, { key: one.key }),
    listen(server, { key: other.key }),
  ])
  const [hello] = await all.got(1)
  await Promise.all([own.got(1), strange.got(1)])
  const id = await book(one, 2)
  const { epoch } = hello
  const whole = {
    seq: 1,
    type: 'booking.completed',
    sessionId: 2,
    consultantId: 2,
    bookingId: id,
    at: expect.stringMatching(/^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d$/),
    number: 1,
    toStatus: 'ACTIVE',
  }
  const { bookingId: _, number: _number, toStatus: _toStatus, ...reduced } = whole
  expect(await all.got(2)).toEqual([{ type: 'hello', epoch, seq: 0 }, whole])
  expect((await own.got(2))[1]).toEqual(whole)
  expect((await strange.got(2))[1]).toEqual(reduced)

  // whoever cancels it, the client whose it is hears which one it was
  expect((await server.call('PUT', `/api/channel/bookings/${id}/cancel`)).status).toBe(200)
  expect((await own.got(3))[2]).toMatchObject({ type: 'booking.cancelled', bookingId: id })
  expect((await strange.got(3))[2]).not.toHaveProperty('bookingId')
})

test('a client that was away hears what it missed, once and in order, and old screens hear what they ever did', async () => {
  await using server = await startServer({ seed })
  const screen = await subscribe(server)
  const first = await listen(server)
  const { epoch } = (await first.got(1))[0]
  await book(server, 1)
  await first.got(2)
  first.terminate()
  await book(server, 2)
  await book(server, 3)
  await screen.got(3)
  await server.stop()
  await server.restart()
  const back = await listen(server, { query: `?from=${epoch}:1` })
  await back.got(4)
  await book(server, 4)
  expect((await back.got(5)).map(({ type, seq }) => `${type} ${seq}`)).toEqual([
    'hello 3',
    'booking.completed 2',
    'booking.completed 3',
    'recovered 3',
    'booking.completed 4',
  ])
  expect(screen.frames).toEqual([1, 2, 3].map((session) => `Online Booking Completed - ${session}`))
  const few = await listen(server, { query: `?from=${epoch}:0&sessionId=4&consultantId=1` })
  expect((await few.got(4)).map(({ sessionId }) => sessionId)).toEqual([undefined, 1, 4, undefined])
})

test('events that are too old are cleared; who asks for them begins anew, and who does not goes on', async () => {
  const old = { bookingId: null, clientId: null, payload: {}, type: 'session.changed', sessionId: 1 } as const
  const withPast = async (database: Database) => {
    await seed(database)
    const at = Date.now() - 8 * DAY_MS
    await database.write(appendEvents(Array.from({ length: 700 }, () => ({ ...old, at }))))
    await database.write(appendEvents([{ ...old, at: Date.now() }]))
  }
  await using server = await startServer({ seed: withPast, environment: { EVENT_RETENTION_DAYS: '7' } })
  const { epoch, seq } = (await server.call('GET', '/api/notifications/events')).body.data
  expect(seq).toBe(701)
  // it is cleared little by little once the server is up
  while (!(await server.call('GET', `/api/notifications/events?from=${epoch}:699`)).body.data.resync)
    await Bun.sleep(20)
  const late = await listen(server, { query: `?from=${epoch}:699` })
  expect(await late.got(2)).toEqual([
    { type: 'hello', epoch, seq: 701 },
    { type: 'resync', epoch, seq: 701 },
  ])
  const inTime = await listen(server, { query: `?from=${epoch}:700` })
  expect((await inTime.got(3)).map(({ type }) => type)).toEqual(['hello', 'session.changed', 'recovered'])
})

test('what a socket cannot be asked for is refused at the handshake, and uses up no ticket', async () => {
  await using server = await startServer({ seed })
  const { ticket } = (await server.call('POST', '/api/notifications/tickets')).body.data
  const query = `?access_token=${ticket}`
  for (const more of ['&from=junk', '&sessionId=0', '&consultantId=1,,2']) {
    const refused = await listen(server, { key: null, query: `${query}${more}` }).catch((error) => error)
    expect(refused).toBeInstanceOf(HandshakeRefused)
    // elsewhere the ticket is seen to at the door, before the service is asked
    if (isApart) continue
    expect(refused).toMatchObject({ status: 400, body: { reason: 'invalid_request' } })
  }
  if (isApart) return
  expect(await (await listen(server, { key: null, query })).got(1)).toMatchObject([{ type: 'hello' }])
})
