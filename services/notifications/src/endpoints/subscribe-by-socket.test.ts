import { afterEach, expect, test } from 'bun:test'
import { type EventType, eventTypes, Refusal } from '@channelling/contract'
import { aCaller, anEvent, connectByHand, type Stage, startStage, watch } from '../testing'

let stage: Stage
afterEach(() => stage.close())

/** As the contract has it, for session 12; a type that is not here sends nothing. */
const documented: Partial<Record<EventType, string[]>> = {
  'booking.held': ['Online Temporary Booking Added - 12'],
  'booking.completed': ['Online Booking Completed - 12'],
  'booking.edited': ['Online Booking Edited - 12'],
  'booking.cancelled': ['Online Booking Cancelled - 12'],
  'booking.expired': ['Temporary Booking Retired - 12'],
  'booking.rescheduled': ['Online Booking Cancelled - 7', 'Online Booking Completed - 12'],
}
const LAST = 'Online Booking Edited - 999999'
const last = anEvent('booking.edited', 999_999)

for (const type of eventTypes) {
  const frames = documented[type] ?? []
  test(`${type} sends ${frames.length > 0 ? frames.join(', then ') : 'nothing'}`, async () => {
    stage = await startStage()
    const screen = await watch(stage.port)
    await stage.happen(anEvent(type, 12, { bookingId: 901, payload: { fromSessionId: 7 } }), last)
    expect(await screen.until(LAST)).toEqual([...frames, LAST])
  })
}

test('a frame is the bytes of the text and nothing else', async () => {
  stage = await startStage()
  const screen = await connectByHand(stage.port)
  expect(screen.head).toStartWith('HTTP/1.1 101 ')
  await stage.happen(anEvent('booking.completed', 12))
  const text = 'Online Booking Completed - 12'
  // 0x81: one whole text frame; then its length
  expect(await screen.bytes(2 + text.length)).toEqual(
    Buffer.concat([Buffer.from([0x81, text.length]), Buffer.from(text)]),
  )
  screen.socket.destroy()
})

test('every screen gets every frame, whoever it is', async () => {
  stage = await startStage()
  const screens = await Promise.all([watch(stage.port), watch(stage.port), watch(stage.port)])
  await stage.happen(anEvent('booking.completed', 1, { clientId: 5 }), anEvent('booking.cancelled', 2), last)
  for (const screen of screens) {
    expect(await screen.until(LAST)).toEqual(['Online Booking Completed - 1', 'Online Booking Cancelled - 2', LAST])
  }
})

test('what is committed as soon as the first screen is connected is told to it, however long the database takes to answer', async () => {
  stage = await startStage(undefined, {}, 50)
  const screen = await watch(stage.port)
  await stage.happen(anEvent('booking.completed', 12), last)
  expect(await screen.until(LAST)).toEqual(['Online Booking Completed - 12', LAST])
})

test('500 events, each in a write of its own, arrive in commit order', async () => {
  stage = await startStage()
  const screen = await watch(stage.port)
  const sessions = Array.from({ length: 500 }, (_, index) => index + 1)
  await Promise.all(sessions.map((session) => stage.happen(anEvent('booking.completed', session))))
  await stage.happen(last)
  expect(await screen.until(LAST)).toEqual([
    ...sessions.map((session) => `Online Booking Completed - ${session}`),
    LAST,
  ])
})

test('who is not admitted gets 401 in the envelope, and no socket', async () => {
  stage = await startStage(
    async () => {
      throw new Refusal('key_missing', 'Send the key in the Finance header')
    },
    { requestIdOf: () => 'request-1' },
  )
  const reply = await fetch(`http://127.0.0.1:${stage.port}/ws/notify`, {
    headers: {
      connection: 'upgrade',
      upgrade: 'websocket',
      'sec-websocket-version': '13',
      'sec-websocket-key': 'dGhlIHNhbXBsZSBub25jZQ==',
    },
  })
  expect(reply.status).toBe(401)
  expect(await reply.json()).toEqual({
    status: 'error',
    code: 401,
    message: 'Send the key in the Finance header',
    reason: 'key_missing',
    requestId: 'request-1',
  })
  await expect(watch(stage.port)).rejects.toThrow('did not open')
})

test('an admission that fails for another reason is a 500 that tells nothing', async () => {
  stage = await startStage(async () => {
    throw new Error('the phone is 0771234567')
  })
  const screen = await connectByHand(stage.port)
  expect(screen.head).toStartWith('HTTP/1.1 500 ')
  expect(JSON.stringify(stage.lines)).toContain('a request failed')
  expect(JSON.stringify(stage.lines)).not.toContain('0771234567')
})

test('a plain GET is told that this is a socket, before anybody is admitted', async () => {
  let asked = 0
  stage = await startStage(async () => {
    asked++
    throw new Refusal('ticket_invalid', 'used')
  })
  const reply = await fetch(`http://127.0.0.1:${stage.port}/ws/notify`)
  expect(reply.status).toBe(400)
  expect(await reply.json()).toMatchObject({ status: 'error', code: 400, reason: 'invalid_request' })
  expect(asked).toBe(0)
})

test('an old client that writes Upgrade: WebSocket is let in', async () => {
  stage = await startStage()
  const screen = await connectByHand(stage.port, ['Upgrade: WebSocket'])
  expect(screen.head).toStartWith('HTTP/1.1 101 ')
  screen.socket.destroy()
})

test('each handshake asks once who it is, with the ticket of the address, so that a ticket is used once', async () => {
  const asked: unknown[] = []
  stage = await startStage(async (_, credential) => {
    asked.push(credential)
    return aCaller()
  })
  await watch(stage.port, '/ws/notify?access_token=abc')
  expect(asked).toEqual(['abc'])
})

test('a screen that is let in without a key gets what the others get', async () => {
  stage = await startStage(async () => null)
  const screen = await watch(stage.port)
  await stage.happen(last)
  expect(await screen.until(LAST)).toEqual([LAST])
})

test('what a client says is ignored, and more than 4 KiB of it ends the connection', async () => {
  stage = await startStage()
  const [talker, shouter, screen] = await Promise.all([watch(stage.port), watch(stage.port), watch(stage.port)])
  for (const message of ['{"a":', '[]', '1e999', 'null', '"', '{"__proto__":{"x":1}}']) talker.socket.send(message)
  talker.socket.send(new Uint8Array([0, 255]))
  shouter.socket.send('x'.repeat(4097))
  await shouter.closed
  await stage.happen(last)
  expect(await talker.until(LAST)).toEqual([LAST])
  expect(await screen.until(LAST)).toEqual([LAST])
})

test('a subscriber that stops reading is let go, and slows nobody', async () => {
  stage = await startStage()
  const screen = await watch(stage.port)
  const stalled = await connectByHand(stage.port)
  stalled.socket.pause()
  const moved = Array.from({ length: 5000 }, () =>
    anEvent('booking.rescheduled', 9_007_199_254_740_991, { payload: { fromSessionId: 9_007_199_254_740_991 } }),
  )
  const isLetGo = () => stage.lines.some(({ msg }) => msg === 'a subscriber reads too slowly and is let go')
  let rounds = 0
  let slowestMs = 0
  while (!isLetGo() && rounds < 60) {
    rounds++
    const began = performance.now()
    await stage.happen(...moved, anEvent('booking.edited', rounds))
    await screen.until(`Online Booking Edited - ${rounds}`)
    slowestMs = Math.max(slowestMs, performance.now() - began)
  }
  expect(isLetGo()).toBe(true)
  expect(screen.frames).toHaveLength(rounds * 10_001)
  expect(slowestMs).toBeLessThan(2000)
  stalled.socket.resume()
  await stalled.closed
}, 30_000)

test('when the feed closes, every screen is told that the server goes away', async () => {
  stage = await startStage()
  const screen = await watch(stage.port)
  await stage.feed.close()
  expect(await screen.closed).toBe(1001)
})
