import { expect, setDefaultTimeout, test } from 'bun:test'
import { aClient } from '../support/client'
import { openEventSource } from '../support/event-source'
import { isApart } from '../support/forms'
import { aHospital, aSession } from '../support/hospital'
import { type Server, startServer } from '../support/server'

setDefaultTimeout(60_000)

const EVENTS = '/api/notifications/events'
const hospital = { seed: aHospital({ sessions: Array.from({ length: 4 }, () => aSession({ capacity: 0 })) }) }

const book = async ({ call }: Pick<Server, 'call'>, sessionInstanceId: number) => {
  const { status, body } = await call('POST', '/api/channel/bookings', { sessionInstanceId, patientId: 1 })
  expect(status).toBe(201)
  return body.data.id as number
}
const read = async ({ call }: Pick<Server, 'call'>, query = '') => {
  const { status, body } = await call('GET', `${EVENTS}${query}`)
  expect(status).toBe(200)
  return body.data
}
const sessionsOf = ({ events }: { events: { sessionId: number }[] }) => events.map(({ sessionId }) => sessionId)

test('who reads the stream page by page gets everything once, in order, and is told where to go on', async () => {
  await using server = await startServer(hospital)
  const start = await read(server)
  expect(start).toEqual({ epoch: start.epoch, seq: 0, events: [], resync: false, next: `${start.epoch}:0` })
  const ids: number[] = []
  for (const session of [1, 2, 3, 1, 2]) ids.push(await book(server, session))
  const first = await read(server, `?from=${start.next}&limit=2`)
  expect(first).toMatchObject({ seq: 5, resync: false, next: `${start.epoch}:2` })
  expect(first.events[0]).toEqual({
    seq: 1,
    type: 'booking.completed',
    sessionId: 1,
    consultantId: 1,
    bookingId: ids[0],
    at: expect.stringMatching(/^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d$/),
    number: 1,
    toStatus: 'ACTIVE',
  })
  const second = await read(server, `?from=${first.next}`)
  expect([...sessionsOf(first), ...sessionsOf(second)]).toEqual([1, 2, 3, 1, 2])
  expect(await read(server, `?from=${second.next}`)).toMatchObject({ events: [], next: second.next })
  const some = await read(server, `?from=${start.next}&sessionId=2&consultantId=3`)
  expect(sessionsOf(some)).toEqual([2, 3, 2])
  expect(some.next).toBe(`${start.epoch}:5`)
})

test('a client hears of its own bookings whole, and of those of others only that a place changed', async () => {
  await using server = await startServer(hospital)
  const [one, other] = [await aClient(server), await aClient(server)]
  const { next } = await read(server)
  const mine = await book(one, 1)
  // what becomes of it is the business of whose it is, whoever does it
  expect((await server.call('PUT', `/api/channel/bookings/${mine}/reschedule`, { sessionInstanceId: 2 })).status).toBe(
    200,
  )
  const [ofMine, moved] = (await read(one, `?from=${next}`)).events
  expect([ofMine.bookingId, moved.bookingId, moved.number]).toEqual([mine, mine, 1])
  const seen = (await read(other, `?from=${next}`)).events
  const { seq, type, sessionId, consultantId, at, fromSessionId } = moved
  expect(seen).toEqual([
    { seq: ofMine.seq, type: 'booking.completed', sessionId: 1, consultantId: 1, at: ofMine.at },
    { seq, type, sessionId, consultantId, at, fromSessionId },
  ])
})

test('who waits is answered as soon as something happens that concerns them, and with nothing when nothing does', async () => {
  await using server = await startServer(hospital)
  const { next } = await read(server)
  const began = performance.now()
  const waiting = read(server, `?from=${next}&wait=25&sessionId=2`)
  const nothing = read(server, `?from=${next}&wait=2&sessionId=3`)
  await book(server, 1)
  const booked = await book(server, 2)
  const told = await waiting
  expect(told.events).toMatchObject([{ bookingId: booked }])
  expect(performance.now() - began).toBeLessThan(8_000)
  expect(await nothing).toMatchObject({ events: [], seq: 2 })
  expect(performance.now() - began).toBeGreaterThan(1_900)
  // what is there already is not waited for
  const again = performance.now()
  expect(sessionsOf(await read(server, `?from=${next}&wait=25`))).toEqual([1, 2])
  expect(performance.now() - again).toBeLessThan(8_000)
})

test('a wait longer than any other request may take is a wait, and no fault', async () => {
  // where the service is elsewhere, any other request may take ten seconds
  const wait = isApart ? 12 : 2
  await using server = await startServer(hospital)
  const began = performance.now()
  expect(await read(server, `?wait=${wait}`)).toMatchObject({ events: [] })
  expect(performance.now() - began).toBeGreaterThan(wait * 1000 - 100)
  expect(server.output()).not.toContain('"level":"warn"')
})

test('a place that cannot be resumed is said to be one, with where to go on', async () => {
  await using server = await startServer(hospital)
  await book(server, 1)
  const { epoch } = await read(server)
  for (const from of ['another:1', `${epoch}:7`]) {
    const expected = { epoch, seq: 1, events: [], resync: true, next: `${epoch}:1` }
    expect(await read(server, `?from=${from}&wait=20`)).toEqual(expected)
  }
})

test('what cannot be asked for is refused', async () => {
  await using server = await startServer(hospital)
  for (const query of ['from=1', 'limit=0', 'limit=1001', 'wait=26', 'wait=x', 'sessionId=0', 'since=1']) {
    const { status, body } = await server.call('GET', `${EVENTS}?${query}`)
    expect([query, status, body.reason]).toEqual([query, 400, 'invalid_request'])
  }
  const booker = await aClient(server, { scopes: ['bookings:write'] })
  expect((await booker.call('GET', EVENTS)).status).toBe(403)
  expect((await server.call('GET', EVENTS, undefined, { key: null })).status).toBe(401)
})

test('Server-Sent Events bring what happens, and go on from the last one read', async () => {
  await using server = await startServer(hospital)
  const listen = (more: Record<string, string> = {}, query = '') =>
    openEventSource(`${server.url}${EVENTS}${query}`, { finance: server.key, ...more })
  const source = await listen()
  expect(source.response.headers.get('content-type')).toBe('text/event-stream')
  await source.until(({ length }) => length === 1)
  await book(server, 1)
  const [hello, event] = await source.until(({ length }) => length === 2)
  const { epoch } = hello!.data
  expect(hello).toEqual({ id: `${epoch}:0`, type: 'hello', data: { type: 'hello', epoch, seq: 0 } })
  expect(event).toMatchObject({ id: `${epoch}:1`, type: 'booking.completed', data: { seq: 1, sessionId: 1 } })
  await source.close()

  await book(server, 2)
  await book(server, 3)
  // a browser asks for the address it was given; the last event goes before the place in it
  const back = await listen({ 'last-event-id': source.lastEventId() }, '?from=another:0')
  await back.until(({ length }) => length === 4)
  await book(server, 4)
  const messages = await back.until(({ length }) => length === 5)
  expect(messages.map(({ id, type }) => `${id} ${type}`)).toEqual([
    `${epoch}:1 hello`,
    `${epoch}:2 booking.completed`,
    `${epoch}:3 booking.completed`,
    `${epoch}:3 recovered`,
    `${epoch}:4 booking.completed`,
  ])
  await back.close()
  const lost = await listen({ 'last-event-id': 'another:1' })
  expect((await lost.until(({ length }) => length === 2))[1]).toMatchObject({ id: `${epoch}:4`, type: 'resync' })
  await lost.close()
  expect((await listen({ 'last-event-id': 'junk' })).response.status).toBe(400)
  for (const [accept, type] of [
    ['TEXT/EVENT-STREAM', 'text/event-stream'],
    ['application/json;q=0.5, Text/Event-Stream ; Q=0.9', 'text/event-stream'],
    ['text/event-stream;q=0', 'application/json'],
    ['application/json, text/event-stream; q=0.000', 'application/json'],
    ['text/event-streams', 'application/json'],
  ] as const) {
    const answered = await listen({ accept })
    expect([accept, answered.response.headers.get('content-type')?.split(';')[0]]).toEqual([accept, type])
    await answered.close()
  }
  const head = await server.call('HEAD', EVENTS, undefined, { headers: { accept: 'text/event-stream' } })
  expect(head.status).toBe(200)
})

test('a stop of the server waits for nobody who waits', async () => {
  await using server = await startServer(hospital)
  const waiting = read(server, '?wait=25').catch(() => 'broken off')
  const source = await openEventSource(`${server.url}${EVENTS}`, { finance: server.key })
  await source.until(({ length }) => length === 1)
  const began = performance.now()
  await server.stop()
  expect(performance.now() - began).toBeLessThan(8_000)
  await Promise.all([waiting, source.close()])
})
