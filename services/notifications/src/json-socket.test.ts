import { afterEach, expect, test } from 'bun:test'
import { Refusal } from '@channelling/contract'
import { aHospital, aSession } from '@channelling/schema/testing'
import { clearBefore } from './retention'
import { streamState } from './store/outbox'
import { aCaller, anEvent, connectByHand, listen, NOON, type Stage, startStage } from './testing'

const hospitalWide = async () => aCaller({ access: 'all' })
const offer = ['Upgrade: websocket', 'Sec-WebSocket-Protocol: channelling.v1+json']

let stage: Stage
afterEach(() => stage.close())

/** A stage with sessions 1 to 4, each of the consultant of the same number. */
async function aStage(...given: Parameters<typeof startStage>) {
  stage = await startStage(...given)
  await aHospital({ sessions: Array.from({ length: 4 }, () => aSession()) })(stage.database)
  return stage
}

const seqs = (frames: { seq: number; sessionId?: number }[]) =>
  frames.filter(({ sessionId }) => sessionId).map(({ seq }) => seq)
const upTo = (last: number, from = 1) => Array.from({ length: last - from + 1 }, (_, index) => from + index)
const has = (seq: number) => (frames: { seq: number; type: string }[]) =>
  frames.some((frame) => frame.seq === seq && frame.type.includes('.'))

test('a socket hears where the stream stands, and then what happens, whole for who may see it', async () => {
  await aStage(hospitalWide)
  await stage.happen(anEvent('booking.completed', 1))
  const { epoch } = await streamState(stage.database)
  const client = await listen(stage.port)
  expect(client.socket.protocol).toBe('channelling.v1+json')
  await client.until((frames) => frames.length === 1)
  await stage.happen(
    anEvent('booking.rescheduled', 2, {
      bookingId: 901,
      clientId: 5,
      payload: { fromSessionId: 1, number: 3, fromNumber: 9, toStatus: 'ACTIVE', actor: 'patient', reason: 'ill' },
    }),
    anEvent('session.started', 9),
  )
  expect(await client.until(has(3))).toEqual([
    { type: 'hello', epoch, seq: 1 },
    {
      seq: 2,
      type: 'booking.rescheduled',
      sessionId: 2,
      consultantId: 2,
      bookingId: 901,
      at: '2026-05-18 12:00:00',
      fromSessionId: 1,
      number: 3,
      fromNumber: 9,
      toStatus: 'ACTIVE',
      actor: 'patient',
    },
    { seq: 3, type: 'session.started', sessionId: 9, consultantId: null, at: '2026-05-18 12:00:00' },
  ])
})

test('a booking of somebody else is a change of a place, and not whose; also to a screen without a key', async () => {
  for (const admit of [async () => aCaller(), async () => null]) {
    await aStage(admit)
    const client = await listen(stage.port)
    await client.until((frames) => frames.length === 1)
    const payload = { fromSessionId: 1, number: 3, toStatus: 'ACTIVE' }
    await stage.happen(anEvent('booking.rescheduled', 2, { bookingId: 901, clientId: 5, payload }))
    const [, frame] = await client.until(has(1))
    expect(frame).toEqual({
      seq: 1,
      type: 'booking.rescheduled',
      sessionId: 2,
      consultantId: 2,
      at: '2026-05-18 12:00:00',
      fromSessionId: 1,
    })
    if (admit.toString().includes('aCaller')) await stage.close()
  }
})

test('whoever comes back is told what was missed, that this was all of it, and then what happens', async () => {
  await aStage(hospitalWide)
  await stage.happen(...upTo(700).map(() => anEvent('booking.completed', 1)))
  const { epoch } = await streamState(stage.database)
  const client = await listen(stage.port, `?from=${epoch}:40`)
  await client.until((frames) => frames.some(({ type }) => type === 'recovered'))
  await stage.happen(anEvent('booking.cancelled', 1))
  const frames = await client.until(has(701))
  expect(frames[0]).toEqual({ type: 'hello', epoch, seq: 700 })
  expect(frames[661]).toEqual({ type: 'recovered', epoch, seq: 700 })
  expect(seqs(frames)).toEqual(upTo(701, 41))
  const upToDate = await listen(stage.port, `?from=${epoch}:701`)
  expect(await upToDate.until((frames) => frames.length === 2)).toEqual([
    { type: 'hello', epoch, seq: 701 },
    { type: 'recovered', epoch, seq: 701 },
  ])
})

test('2 000 events under way, and sockets that are cut and come back at random: none is missing, none comes twice', async () => {
  await aStage(hospitalWide)
  const { epoch } = await streamState(stage.database)
  const last = 2000
  let made = 0
  const making = (async () => {
    while (made < last) {
      const group = Math.min(1 + Math.floor(Math.random() * 40), last - made)
      made += group
      await stage.happen(...Array.from({ length: group }, () => anEvent('booking.completed', 1 + (made % 4))))
      if (Math.random() < 0.3) await Bun.sleep(1)
    }
  })()
  const follow = async (query: string) => {
    const seen: number[] = []
    let at = 0
    let cuts = 0
    while (at < last) {
      const client = await listen(stage.port, `?from=${epoch}:${at}${query}`)
      const enough = client.frames.length + Math.floor(Math.random() * 300)
      const frames = [...(await client.until((all) => all.length > enough || seqs(all).at(-1) === last))]
      client.cut()
      seen.push(...seqs(frames))
      // a heartbeat or a recovery says as well how far everything was sent
      at = Math.max(at, ...seqs(frames), ...frames.filter(({ type }) => type === 'recovered').map(({ seq }) => seq))
      cuts++
    }
    return { seen, cuts }
  }
  const [all, again, some] = await Promise.all([
    follow(''),
    follow(''),
    follow('&sessionId=1,2&consultantId=3&sessionId=4'),
  ])
  await making
  for (const { seen } of [all, again, some]) expect(seen).toEqual(upTo(last))
  expect(all.cuts).toBeGreaterThan(5)
}, 30_000)

test('a place in another stream, one before what is kept and one that is not yet there are told apart from it: resync', async () => {
  await aStage(hospitalWide)
  await stage.happen(...upTo(10).map((seq) => anEvent('session.changed', 1, { at: NOON + seq })))
  await clearBefore(stage.database, NOON + 5)
  const { epoch, lowest, last } = await streamState(stage.database)
  expect([lowest, last]).toEqual([5, 10])
  for (const from of [`other:7`, `${epoch}:3`, `${epoch}:11`, `${epoch}:0`]) {
    const client = await listen(stage.port, `?from=${from}`)
    await client.until((frames) => frames.length === 2)
    expect(client.frames).toEqual([
      { type: 'hello', epoch, seq: 10 },
      { type: 'resync', epoch, seq: 10 },
    ])
    client.cut()
  }
  const oldest = await listen(stage.port, `?from=${epoch}:4`)
  expect(seqs(await oldest.until(({ length }) => length === 8))).toEqual(upTo(10, 5))
  await stage.happen(anEvent('session.changed', 1))
  expect(seqs(await oldest.until(has(11)))).toEqual(upTo(11, 5))
})

test('who names sessions or consultants hears of these alone, also of a booking that leaves one of them', async () => {
  await aStage(hospitalWide)
  const { epoch } = await streamState(stage.database)
  const ask = ['?sessionId=1', '?sessionId=2,3', '?consultantId=4', '?sessionId=1&consultantId=4', '?sessionId=99']
  const live = await Promise.all(ask.map((query) => listen(stage.port, query)))
  await Promise.all(live.map((client) => client.until((frames) => frames.length === 1)))
  await stage.happen(
    anEvent('booking.completed', 1),
    anEvent('booking.completed', 2),
    anEvent('booking.rescheduled', 3, { payload: { fromSessionId: 1 } }),
    anEvent('booking.rescheduled', 1, { payload: { fromSessionId: 4 } }),
    anEvent('session.ended', 99),
  )
  const wanted = [[1, 3, 4], [2, 3], [4], [1, 3, 4], [5]]
  for (const [index, client] of live.entries()) {
    expect(seqs(await client.until(has(wanted[index]!.at(-1)!)))).toEqual(wanted[index]!)
  }
  for (const [index, query] of ask.entries()) {
    const back = await listen(stage.port, `${query}&from=${epoch}:0`)
    expect(seqs(await back.until((all) => all.some(({ type }) => type === 'recovered')))).toEqual(wanted[index]!)
  }
})

test('a socket that says nothing for a while says how far it is, also one that nothing of what happens concerns', async () => {
  let now = 0
  await aStage(hospitalWide, { heartbeatMs: 25_000 / 1000, elapsed: () => now })
  const [all, few] = await Promise.all([listen(stage.port), listen(stage.port, '?sessionId=2')])
  await Promise.all([all, few].map((client) => client.until((frames) => frames.length === 1)))
  await stage.happen(anEvent('booking.completed', 1))
  await all.until(has(1))
  expect([all, few].flatMap(({ frames }) => frames).filter(({ type }) => type === 'heartbeat')).toEqual([])
  now = 25
  for (const client of [all, few]) {
    const frames = await client.until((frames) => frames.at(-1)?.type === 'heartbeat')
    expect(frames.at(-1)).toEqual({ type: 'heartbeat', seq: 1 })
  }
  const { length } = few.frames
  await Bun.sleep(50)
  expect(few.frames).toHaveLength(length)
})

/** Commits so much that a socket which reads nothing is let go, and says how many events that took. */
async function floodUntilLetGo(): Promise<number> {
  const isLetGo = () => stage.lines.some(({ msg }) => msg === 'a subscriber reads too slowly and is let go')
  const began = performance.now()
  let made = 0
  while (!isLetGo() && performance.now() - began < 20_000) {
    // what the system takes in for a socket is some MB; after that only the time has to pass
    if (made < 60_000) {
      await stage.happen(...Array.from({ length: 2000 }, () => anEvent('booking.completed', 1, { bookingId: 9 })))
      made += 2000
    } else await Bun.sleep(50)
  }
  expect(isLetGo()).toBe(true)
  return made
}

test('a socket that stops reading is let go within seconds, and another one hears everything meanwhile', async () => {
  await aStage(hospitalWide)
  const stalled = await connectByHand(stage.port, offer)
  await stalled.bytes(4)
  stalled.socket.pause()
  const client = await listen(stage.port)
  const made = await floodUntilLetGo()
  expect(seqs(await client.until(has(made)))).toEqual(upTo(made))
  stalled.socket.resume()
  await stalled.closed
}, 40_000)

test('one that reads again in time is closed with 1013, and resumes where it was', async () => {
  // longer than a loaded machine takes to make what follows
  await aStage(hospitalWide, { stalledMs: 120_000 })
  const slow = await connectByHand(stage.port, offer)
  // live from its first frame on: one that still reads what it missed may take its time
  await slow.bytes(4)
  slow.socket.pause()
  const { epoch } = await streamState(stage.database)
  let made = 0
  // until it is behind, which nobody outside of the process sees: more than the system and the socket take in
  while (made < 60_000) {
    await stage.happen(...Array.from({ length: 2000 }, () => anEvent('booking.completed', 1, { bookingId: 9 })))
    made += 2000
  }
  slow.socket.resume()
  await slow.closed
  const bytes = await slow.bytes(4)
  const close = bytes.indexOf(Buffer.from([0x03, 0xf5, ...Buffer.from('Too slow')]))
  expect(close).toBeGreaterThan(0)
  const read = [...bytes.toString('latin1').matchAll(/"seq":(\d+),"type":"booking/g)].map(([, seq]) => Number(seq))
  expect(read).toEqual(upTo(read.length))
  const back = await listen(stage.port, `?from=${epoch}:${read.length}`)
  expect(seqs(await back.until(has(made)))).toEqual(upTo(made, read.length + 1))
}, 180_000)

test('some who come back from far behind and read nothing hold up nobody', async () => {
  await aStage(hospitalWide)
  const { epoch } = await streamState(stage.database)
  for (let round = 0; round < 20; round++) {
    await stage.happen(...Array.from({ length: 2000 }, () => anEvent('booking.completed', 1, { bookingId: 9 })))
  }
  const far = await Promise.all(
    Array.from({ length: 3 }, async () => {
      const client = await connectByHand(stage.port, offer, `/ws/notify?from=${epoch}:0`)
      client.socket.pause()
      return client
    }),
  )
  const client = await listen(stage.port)
  await client.until((frames) => frames.length === 1)
  const began = performance.now()
  await stage.happen(anEvent('booking.completed', 1))
  await client.until(has(40_001))
  expect(performance.now() - began).toBeLessThan(2000)
  for (const one of far) one.socket.destroy()
}, 40_000)

test('what cannot be is refused at the handshake, before anybody is let in, and names what is wrong', async () => {
  let asked = 0
  await aStage(async () => {
    asked++
    throw new Refusal('ticket_invalid', 'used')
  })
  const many = upTo(101).join(',')
  for (const [query, path] of [
    ['from=junk', 'query.from'],
    ['from=abc:-1', 'query.from'],
    ['from=a:1&from=a:2', 'query.from'],
    ['sessionId=0', 'query.sessionId.0'],
    ['sessionId=1,x', 'query.sessionId.1'],
    [`consultantId=${many}`, 'query.consultantId'],
    ['sessionid=1', 'query'],
  ] as [string, string][]) {
    const reply = await fetch(`http://127.0.0.1:${stage.port}/ws/notify?${query}`, {
      headers: {
        connection: 'upgrade',
        upgrade: 'websocket',
        'sec-websocket-version': '13',
        'sec-websocket-key': 'dGhlIHNhbXBsZSBub25jZQ==',
        'sec-websocket-protocol': 'channelling.v1+json',
      },
    })
    expect(reply.status).toBe(400)
    const body = (await reply.json()) as { reason: string; fields: { path: string }[] }
    expect([query, body.reason, body.fields.map(({ path }) => path)]).toEqual([query, 'invalid_request', [path]])
  }
  expect(asked).toBe(0)
})

test('when the feed closes, a socket is told that the server goes away, also while it is told what it missed', async () => {
  await aStage(hospitalWide)
  await stage.happen(...Array.from({ length: 5000 }, () => anEvent('booking.completed', 1)))
  const { epoch } = await streamState(stage.database)
  const [live, behind] = await Promise.all([listen(stage.port), listen(stage.port, `?from=${epoch}:0`)])
  await live.until((frames) => frames.length === 1)
  await stage.feed.close()
  expect(await Promise.all([live.closed, behind.closed])).toEqual([1001, 1001])
  const late = await listen(stage.port)
  expect(await late.closed).toBe(1001)
})
