import { afterEach, beforeEach, expect, test } from 'bun:test'
import { connect, createServer } from 'node:net'
import { patience } from './patience'
import { subscribe } from './subscribe'
import { anEvent, type FakeServer, hasty, listen, say, startFakeServer, until, upTo } from './testing'

let server: FakeServer
beforeEach(() => {
  server = startFakeServer()
})
afterEach(() => server.stop())

test('without a place it hears of what happens from now on', async () => {
  server.happen(3)
  const one = listen(server)
  await until(() => one.times('live') === 1)
  expect(one.subscription.position()).toBe('one:3')
  server.happen(2)
  await until(() => one.seqs.length === 2)
  expect(one.seqs).toEqual([4, 5])
  expect(one.subscription.position()).toBe('one:5')
  expect(await one.close()).toEqual({ why: 'asked' })
})

test('with a place it hears first of what it missed, then of the rest, and says when it is up to date', async () => {
  server.happen(10)
  const one = listen(server, { from: 'one:4' })
  await until(() => one.times('live') === 1)
  expect(one.seqs).toEqual(upTo(10, 5))
  server.happen(1)
  await until(() => one.seqs.length === 7)
  await one.close()
})

test('it sends its key as a header, never in the address, and asks for JSON', async () => {
  const one = listen(server)
  await until(() => server.handshakes.length === 1)
  const { headers, query } = server.handshakes[0]!
  expect([headers.get('finance'), headers.get('sec-websocket-protocol')]).toEqual([
    'chk_live_test',
    'channelling.v1+json',
  ])
  expect([...query]).toEqual([])
  await one.close()
})

test('it asks for a new ticket for every connection', async () => {
  let issued = 0
  const one = listen(server, { ticket: async () => `ticket-${++issued}` })
  await until(() => one.times('live') === 1)
  server.cut()
  await until(() => one.times('live') === 2)
  expect(server.handshakes.map(({ query }) => query.get('access_token'))).toEqual(['ticket-1', 'ticket-2'])
  expect(server.handshakes.map(({ headers }) => headers.get('finance'))).toEqual([null, null])
  await one.close()
})

test('a filter goes with every connection', async () => {
  const one = listen(server, { sessions: [3, 4, 3], consultants: [9] })
  await until(() => one.times('live') === 1)
  server.happen(2, 3)
  server.happen(2, 5)
  server.cut()
  await until(() => one.times('live') === 2)
  server.happen(1, 4)
  await until(() => one.seqs.length === 3)
  expect(one.seqs).toEqual([1, 2, 5])
  for (const { query } of server.handshakes) {
    expect([query.get('sessionId'), query.get('consultantId')]).toEqual(['3,4', '9'])
  }
  await one.close()
})

test('through a hundred cuts everything comes once, in order', async () => {
  const one = listen(server)
  await until(() => one.times('live') === 1)
  for (let cut = 1; cut <= 100; cut++) {
    server.happen(7)
    server.cut()
    server.happen(3)
    await until(() => one.seqs.length === cut * 10)
  }
  expect(one.seqs).toEqual(upTo(1000))
  await one.close()
})

test('a connection that is cut before the first event resumes from hello, not from now', async () => {
  server.happen(5)
  server.welcome = (socket) => {
    say(socket, { type: 'hello', epoch: 'one', seq: 5 })
    server.welcome = null
    setTimeout(() => {
      server.happen(1)
      socket.terminate()
    }, 20)
    server.sockets.delete(socket)
  }
  const one = listen(server)
  await until(() => one.seqs.length === 1)
  expect(one.seqs).toEqual([6])
  expect(server.handshakes[1]!.from).toBe('one:5')
  await one.close()
})

test('a connection that is cut in the middle of a frame brings no half of an event', async () => {
  const target = Number(new URL(server.url).port)
  let bytesLeft = 700
  const proxy = createServer((near) => {
    const far = connect(target, '127.0.0.1')
    near.on('error', () => {}).on('close', () => far.destroy())
    far.on('error', () => {}).on('close', () => near.destroy())
    near.pipe(far)
    far.on('data', (chunk: Buffer) => {
      near.write(chunk.subarray(0, bytesLeft))
      bytesLeft -= chunk.length
      if (bytesLeft > 0) return
      bytesLeft = 700
      near.end()
      far.destroy()
    })
  }).listen(0, '127.0.0.1')
  await new Promise((resolve) => proxy.once('listening', resolve))
  server.happen(100)
  const port = (proxy.address() as { port: number }).port
  const one = listen({ url: `http://127.0.0.1:${port}/root` }, { from: 'one:0' })
  await until(() => one.seqs.length === 100)
  expect(one.seqs).toEqual(upTo(100))
  expect(server.handshakes.length).toBeGreaterThan(10)
  await one.close()
  proxy.close()
})

test('what is sent twice is handed over once', async () => {
  server.welcome = (socket) => {
    say(socket, { type: 'hello', epoch: 'one', seq: 0 })
    for (const seq of [1, 2, 2, 1, 3, 3, 2, 4]) say(socket, anEvent(seq))
  }
  const one = listen(server)
  await until(() => one.seqs.length >= 4)
  expect(one.seqs).toEqual([1, 2, 3, 4])
  await one.close()
})

test('numbers that a filter leaves out are no loss', async () => {
  server.welcome = (socket) => {
    say(socket, { type: 'hello', epoch: 'one', seq: 10 })
    for (const seq of [15, 40]) say(socket, anEvent(seq))
  }
  const one = listen(server)
  await until(() => one.seqs.length === 2)
  expect(one.subscription.position()).toBe('one:40')
  await one.close()
})

test('a heartbeat moves the place on, so that a filtered subscriber need not go back far', async () => {
  server.welcome = (socket) => {
    say(socket, { type: 'hello', epoch: 'one', seq: 10 })
    say(socket, { type: 'heartbeat', seq: 4000 })
  }
  const one = listen(server)
  await until(() => one.subscription.position() === 'one:4000')
  await one.close()
})

test('what is lost is reported with both places, and then it goes on', async () => {
  server.happen(5)
  const one = listen(server)
  await until(() => one.times('live') === 1)
  server.epoch = 'two'
  server.events = [anEvent(1), anEvent(2)]
  server.cut()
  await until(() => one.times('live') === 2)
  server.happen(1)
  await until(() => one.seqs.length === 1)
  expect(one.resyncs).toEqual([{ from: 'one:5', to: 'two:2' }])
  expect(one.seqs).toEqual([3])
  expect(one.subscription.position()).toBe('two:3')
  await one.close()
})

test('a place ahead of the server is a loss too, even in the same epoch', async () => {
  server.happen(2)
  const one = listen(server, { from: 'one:50' })
  await until(() => one.times('live') === 1)
  server.happen(1)
  await until(() => one.seqs.length === 1)
  expect([one.resyncs, one.seqs]).toEqual([[{ from: 'one:50', to: 'one:2' }], [3]])
  await one.close()
})

test('until onResync is done the place stays before the loss, so that it is told of again', async () => {
  const loading = Promise.withResolvers<void>()
  server.happen(2)
  const one = listen(server, { from: 'old:7', onResync: () => loading.promise })
  await until(() => one.times('live') === 1)
  server.happen(1)
  expect(one.subscription.position()).toBe('old:7')
  expect(one.seqs).toEqual([])
  loading.resolve()
  await until(() => one.seqs.length === 1)
  expect(one.subscription.position()).toBe('one:3')
  await one.close()
})

test('onEvent is given one event after the other, and the place is after what it has finished', async () => {
  let busy = 0
  let most = 0
  const seen: number[] = []
  const places: (string | null)[] = []
  server.happen(50)
  const one = listen(server, {
    from: 'one:0',
    async onEvent({ seq }, position) {
      expect(position).toBe(`one:${seq}`)
      most = Math.max(most, ++busy)
      places.push(one.subscription.position())
      await Bun.sleep(seq % 3)
      seen.push(seq)
      busy--
    },
  })
  await until(() => seen.length === 50)
  expect(most).toBe(1)
  expect(seen).toEqual(upTo(50))
  expect(places).toEqual(upTo(49, 0).map((seq) => `one:${seq}`))
  await one.close()
})

test('a handler that is far behind gives the connection up, keeps a bounded number waiting, and misses nothing', async () => {
  const seen: number[] = []
  const waiting: number[] = []
  let go = () => {}
  const gate = new Promise<void>((resolve) => {
    go = resolve
  })
  server.happen(10_000)
  const one = listen(server, {
    from: 'one:0',
    async onEvent({ seq }) {
      await gate
      seen.push(seq)
      waiting.push(seq)
      if (seq % 500 === 0) await Bun.sleep(1)
    },
  })
  await until(() => one.times('waiting') === 1)
  expect(one.states).toContainEqual({ state: 'waiting', retryInMs: 0, code: null, reason: 'onEvent is behind' })
  await Bun.sleep(50)
  // it waits for its handler instead of asking again and again
  expect(server.handshakes).toHaveLength(1)
  expect(server.sockets.size).toBe(0)
  go()
  await until(() => seen.length === 10_000)
  expect(seen).toEqual(upTo(10_000))
  expect(server.handshakes[1]!.from).toBe('one:2001')
  await one.close()
})

test('a handler that returns at once is never behind, however much comes', async () => {
  server.happen(20_000)
  const one = listen(server, { from: 'one:0' })
  await until(() => one.seqs.length === 20_000)
  expect(server.handshakes).toHaveLength(1)
  await one.close()
})

test('a handler that fails ends the subscription before its event, and closed rejects with its error', async () => {
  const fault = new Error('the printer is out of paper')
  for (const failing of [
    ({ seq }: { seq: number }) => {
      if (seq === 3) throw fault
    },
    async ({ seq }: { seq: number }) => {
      await Bun.sleep(1)
      if (seq === 3) throw fault
    },
  ]) {
    server.events = upTo(5).map((seq) => anEvent(seq))
    const one = listen(server, { from: 'one:0', onEvent: failing })
    await expect(one.subscription.closed).rejects.toBe(fault)
    expect(one.subscription.position()).toBe('one:2')
    expect(one.states.at(-1)).toEqual({ state: 'closed', ending: { why: 'failed', error: fault } })
  }
})

test('a callback for states that fails ends it too, rather than being passed over', async () => {
  const fault = new Error('nobody to tell')
  const one = listen(server, {
    onState({ state }) {
      if (state === 'live') throw fault
    },
  })
  await expect(one.subscription.closed).rejects.toBe(fault)
})

test('once it is closed nothing is handed over any more, and closed waits for the handler that is at work', async () => {
  let finished = 0
  server.happen(100)
  const one = listen(server, {
    from: 'one:0',
    async onEvent() {
      await Bun.sleep(5)
      finished++
      if (finished === 3) setTimeout(() => one.subscription.close(), 1)
    },
  })
  expect(await one.subscription.closed).toEqual({ why: 'asked' })
  const done = finished
  expect(one.subscription.position()).toBe(`one:${done}`)
  server.happen(1)
  await Bun.sleep(20)
  expect(finished).toBe(done)
  await until(() => server.sockets.size === 0)
})

test('a signal closes it, before it began too, while it waits, and while a ticket does not come', async () => {
  const early = AbortSignal.abort()
  expect(await listen(server, { signal: early }).subscription.closed).toEqual({ why: 'asked' })
  expect(server.handshakes).toHaveLength(0)

  const controller = new AbortController()
  const late = listen(server, { signal: controller.signal })
  const ticketless = listen(server, { signal: controller.signal, ticket: () => new Promise(() => {}) })
  await until(() => late.times('live') === 1)
  await server.stop()
  await until(() => late.times('waiting') === 1)
  controller.abort()
  expect(await late.subscription.closed).toEqual({ why: 'asked' })
  expect(await ticketless.subscription.closed).toEqual({ why: 'asked' })
})

test('a connection that says nothing any more is given up, one that beats is not', async () => {
  const one = listen(server, {}, { ...hasty, silence: 100 })
  await until(() => one.times('live') === 1)
  for (let beat = 0; beat < 15; beat++) {
    for (const socket of server.sockets) say(socket, { type: 'heartbeat', seq: 0 })
    await Bun.sleep(20)
  }
  expect(one.times('waiting')).toBe(0)
  await until(() => one.times('live') === 2)
  expect(one.states).toContainEqual(expect.objectContaining({ state: 'waiting', code: null, reason: 'it fell silent' }))
  await one.close()
})

test('a server that takes the connection and says nothing is given up as well', async () => {
  server.welcome = () => {}
  const one = listen(server, {}, { ...hasty, handshake: 50 })
  await until(() => one.times('waiting') === 2)
  expect(one.states).toContainEqual(expect.objectContaining({ reason: 'it did not answer in time' }))
  server.welcome = null
  await until(() => one.times('live') === 1)
  await one.close()
})

for (const [what, frame] of [
  ['no JSON', '{"type":"hel'],
  ['a list', '[]'],
  ['null', 'null'],
  ['bytes', new Uint8Array([1, 2])],
  ['no type', '{"seq":1}'],
  ['a place that is no number', '{"type":"booking.completed","seq":"7"}'],
  ['a place that is no whole number', '{"type":"booking.completed","seq":7.5}'],
  ['a hello without epoch', '{"type":"hello","seq":7}'],
] as const) {
  test(`after a frame with ${what} it does not trust the connection, and resumes on another`, async () => {
    server.happen(3)
    server.welcome = (socket) => {
      server.welcome = null
      say(socket, { type: 'hello', epoch: 'one', seq: 1 })
      socket.send(frame)
      say(socket, anEvent(3))
    }
    const one = listen(server, { from: 'one:1' })
    await until(() => one.seqs.length === 2)
    expect(one.seqs).toEqual([2, 3])
    await one.close()
  })
}

test('frames and fields of a newer server are let be, and new types of events are handed over', async () => {
  const seen: unknown[] = []
  const event = { ...anEvent(2), type: 'session.moved', room: '7' }
  server.welcome = (socket) => {
    say(socket, { type: 'hello', epoch: 'one', seq: 1, motd: 'hi' })
    say(socket, { type: 'notice', text: 'soon' })
    say(socket, event)
  }
  const one = listen(server, { onEvent: (event) => void seen.push(event) })
  await until(() => seen.length === 1)
  expect(seen).toEqual([event])
  await one.close()
})

for (const [status, reason] of [
  [401, 'key_retired'],
  [403, 'scope_missing'],
  [400, 'invalid_request'],
] as const) {
  test(`a handshake refused with ${status} ends it for good, with the reason of the server`, async () => {
    server.refusal = { status, reason }
    const one = listen(server)
    expect(await one.subscription.closed).toEqual({ why: 'refused', status, reason })
    expect(one.states.at(-1)).toEqual({ state: 'closed', ending: { why: 'refused', status, reason } })
    expect(server.asked).toEqual(['/root/api/notifications/events'])
    expect(server.handshakes).toHaveLength(1)
  })
}

test('a key that stops being good while connected ends it for good, with the reason', async () => {
  const one = listen(server)
  await until(() => one.times('live') === 1)
  for (const socket of server.sockets) socket.close(4401, 'key_expired')
  expect(await one.subscription.closed).toEqual({ why: 'refused', status: 4401, reason: 'key_expired' })
})

for (const [code, reason] of [
  [1001, 'closing'],
  [1013, 'too slow'],
  [1011, 'oops'],
  [4000, 'else'],
] as const) {
  test(`after a close with ${code} it comes back and goes on`, async () => {
    const one = listen(server)
    await until(() => one.times('live') === 1)
    server.happen(1)
    await until(() => one.seqs.length === 1)
    for (const socket of server.sockets) socket.close(code, reason)
    await until(() => one.times('live') === 2)
    expect(one.states).toContainEqual(expect.objectContaining({ state: 'waiting', code, reason }))
    expect(server.handshakes[1]!.from).toBe('one:1')
    await one.close()
  })
}

test('what passes, too many sockets or an overload, is tried again, not before the server wants it', async () => {
  server.refusal = { status: 429, reason: 'too_many_sockets', headers: { 'retry-after': '1' } }
  const one = listen(server)
  await until(() => one.times('waiting') === 1)
  expect(one.states.at(-1)).toEqual({ state: 'waiting', retryInMs: 1000, code: 1006, reason: 'too_many_sockets' })
  server.refusal = { status: 503, reason: 'overloaded' }
  await until(() => one.times('waiting') === 2)
  server.refusal = null
  await until(() => one.times('live') === 1)
  await one.close()
})

test('a ticket callback that is refused ends it; one that fails otherwise is asked again', async () => {
  const refused = Object.assign(new Error('no'), { status: 403, reason: 'scope_missing' })
  const one = listen(server, { ticket: () => Promise.reject(refused) })
  expect(await one.subscription.closed).toEqual({ why: 'refused', status: 403, reason: 'scope_missing' })

  let tries = 0
  const two = listen(server, {
    ticket: async () => {
      if (++tries < 4) throw Object.assign(new Error('away'), tries === 2 && { status: 503 })
      return 'ticket'
    },
  })
  await until(() => two.times('live') === 1)
  expect(tries).toBe(4)
  await two.close()
})

test('the waits grow by a quarter each time up to the most, by chance', async () => {
  const one = listen(server)
  await until(() => one.times('live') === 1)
  await server.stop()
  await until(() => one.times('waiting') >= 15, 10_000)
  const waits = one.states.flatMap((state) => (state.state === 'waiting' ? [state.retryInMs] : []))
  waits.slice(0, 15).forEach((wait, index) => {
    const atMost = Math.min(hasty.retryMax, 2 * hasty.retryMin * 1.25 ** index)
    expect(wait).toBeWithin(Math.floor(atMost / 2), Math.ceil(atMost) + 1)
  })
  expect(waits[14]).toBeGreaterThanOrEqual(hasty.retryMax / 2)
  await one.close()
})

test('it is as patient as is written: from a quarter of a second to 8 seconds, and 60 of silence', () => {
  expect(patience).toEqual({ retryMin: 250, retryMax: 8_000, silence: 60_000, handshake: 15_000 })
})

test('options that cannot be are refused at once', () => {
  const onEvent = () => {}
  const url = 'http://localhost'
  for (const options of [
    { url, onEvent },
    { url, onEvent, key: 'k', ticket: async () => 't' },
    { url: 'ftp://localhost', onEvent, key: 'k' },
    { url: 'localhost', onEvent, key: 'k' },
    { url, onEvent, key: 'k', from: '7' },
    { url, onEvent, key: 'k', from: 'one:-1' },
    { url, onEvent, key: 'k', sessions: [] },
    { url, onEvent, key: 'k', sessions: [0] },
    { url, onEvent, key: 'k', consultants: [1.5] },
    { url, onEvent, key: 'k', sessions: upTo(101) },
  ]) {
    expect(() => subscribe(options as never)).toThrow(TypeError)
  }
})
