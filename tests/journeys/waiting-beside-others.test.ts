import { expect, setDefaultTimeout, test } from 'bun:test'
import { type ApiClient, aClient } from '../support/client'
import { openEventSource } from '../support/event-source'
import { isApart } from '../support/forms'
import { aHospital, aSession } from '../support/hospital'
import { type Server, startServer } from '../support/server'
import { HandshakeRefused, subscribe } from '../support/socket'

setDefaultTimeout(60_000)

const EVENTS = '/api/notifications/events'
const seed = aHospital({ sessions: [aSession({ capacity: 0 })] })

const streamOf = (server: Server, { key }: Pick<ApiClient, 'key'>) =>
  openEventSource(`${server.url}${EVENTS}`, { finance: key })
type Stream = Awaited<ReturnType<typeof streamOf>>

const closeAll = (streams: Stream[]) => Promise.all(streams.map((stream) => stream.close()))

/** What is let go is noticed a moment later. */
async function untilLetIn(server: Server, client: Pick<ApiClient, 'key'>): Promise<Stream> {
  for (const deadline = Date.now() + 5_000; ; await Bun.sleep(10)) {
    const stream = await streamOf(server, client)
    if (stream.response.status === 200) return stream
    expect(Date.now()).toBeLessThan(deadline)
  }
}

test('one client that opens as many streams as it can keeps nobody else from waiting', async () => {
  await using server = await startServer({ seed })
  const [greedy, other] = [await aClient(server), await aClient(server)]
  const streams = await Promise.all(Array.from({ length: 40 }, () => streamOf(server, greedy)))
  const letIn = streams.filter(({ response }) => response.status === 200)
  // in the same process a stream takes nothing from anybody
  expect(letIn).toHaveLength(isApart ? 16 : 40)
  for (const { response } of streams.filter((stream) => !letIn.includes(stream))) {
    expect([response.status, (await response.json()).reason]).toEqual([429, 'rate_limited'])
    expect(Number(response.headers.get('retry-after'))).toBeGreaterThan(0)
  }
  const { next } = (await other.call('GET', EVENTS)).body.data
  const waiting = other.call('GET', `${EVENTS}?from=${next}&wait=25`)
  const heard = await streamOf(server, other)
  await heard.until(({ length }) => length === 1)
  await server.call('POST', '/api/channel/bookings', { sessionInstanceId: 1, patientId: 1 })
  await heard.until(({ length }) => length === 2)
  expect((await waiting).body.data.events).toHaveLength(1)
  await closeAll([...letIn, heard])
})

test('what waits counts beside the sockets of its key, and makes room when it is over', async () => {
  await using server = await startServer({ seed, environment: { SOCKETS_PER_KEY: '3' } })
  const [client, other] = [await aClient(server), await aClient(server)]
  const socket = await subscribe(server, { key: client.key })
  const streams = [await streamOf(server, client), await streamOf(server, client)]
  const beyond = await client.call('GET', `${EVENTS}?wait=1`)
  expect([beyond.status, beyond.body.reason]).toEqual([429, 'rate_limited'])
  const refused = await subscribe(server, { key: client.key }).catch((error) => error)
  expect(refused).toBeInstanceOf(HandshakeRefused)
  expect([refused.status, refused.body.reason]).toEqual([429, 'too_many_sockets'])
  // what is answered at once waits for nothing, and another key is not concerned
  expect((await client.call('GET', EVENTS)).status).toBe(200)
  expect((await other.call('GET', `${EVENTS}?wait=1`)).status).toBe(200)

  await streams[0]!.close()
  streams.push(await untilLetIn(server, client))
  socket.close()
  await socket.closed
  streams.push(await untilLetIn(server, client))
  await closeAll(streams)
  for (let time = 0; time < 5; time++) await (await untilLetIn(server, client)).close()
})
