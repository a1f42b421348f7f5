import { expect, setDefaultTimeout, test } from 'bun:test'
import { type ApiClient, aClient } from '../support/client'
import { aHospital } from '../support/hospital'
import { type Server, startServer } from '../support/server'
import { startServices } from '../support/services'
import { subscribe } from '../support/socket'

setDefaultTimeout(60_000)

const NIGHTLY = process.env.NIGHTLY === '1'
/** What is promised is a second. In a check other suites run beside, and a request may wait that long by itself. */
const KNOWN_MS_MAX = NIGHTLY ? 1000 : 3000
const KEYS = NIGHTLY ? 50 : 6

const changes = [
  { act: 'retire', reason: 'key_retired' },
  { act: 'deactivate', reason: 'key_inactive' },
]

/** Asks a gateway until it refuses a key: when the last request that was let in had been sent, and what the refusal says. */
async function lastLetIn(gateway: Server, { key }: ApiClient, since: number): Promise<[ms: number, why: string]> {
  let last = 0
  for (;;) {
    const sent = performance.now() - since
    const { status, body } = await gateway.as(key)('GET', '/api/channel/specialities')
    if (status !== 200) return [last, `${status} ${body.reason}`]
    last = sent
    if (last > 5 * KNOWN_MS_MAX) return [last, 'let in']
    await Bun.sleep(10)
  }
}

test('a key that is retired or switched off at one gateway is refused by the other within a second, and its sockets there are closed', async () => {
  await using services = await startServices({ seed: aHospital() })
  await using first = await startServer({ environment: services.environment })
  await using second = await startServer({ environment: services.environment })
  const took: number[] = []
  for (let turn = 0; turn < KEYS; turn++) {
    const [here, there] = turn % 2 === 0 ? [first, second] : [second, first]
    const { act, reason } = changes[Math.floor(turn / 2) % changes.length]!
    const client = await aClient(here)
    // a new key is good at both at once, and each has it in mind by now
    for (const gateway of [here, there]) {
      expect((await gateway.as(client.key)('GET', '/api/channel/specialities')).status).toBe(200)
    }
    const sockets = await Promise.all(
      [here, there].flatMap((gateway) => [
        subscribe(gateway, { key: client.key }),
        subscribe(gateway, { key: client.key, protocols: ['channelling.v1+json'] }),
      ]),
    )
    expect((await here.call('PUT', `/api/admin/keys/${client.keyId}/${act}`)).status).toBe(200)
    const since = performance.now()
    const closed = sockets.map(async (socket) => {
      const [code, why] = await socket.closed
      return { ms: performance.now() - since, end: `${code} ${why}` }
    })
    expect(await lastLetIn(here, client, since)).toEqual([0, `401 ${reason}`])
    const [ms, why] = await lastLetIn(there, client, since)
    expect(why).toBe(`401 ${reason}`)
    const ends = await Promise.all(closed)
    expect(ends.map(({ end }) => end)).toEqual(Array(sockets.length).fill(`4401 ${reason}`))
    took.push(ms, ...ends.map((end) => end.ms))
  }
  console.log(`known at the other gateway, and to every socket, after at most ${Math.round(Math.max(...took))} ms`)
  expect(Math.max(...took)).toBeLessThan(KNOWN_MS_MAX)
})
