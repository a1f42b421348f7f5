import { expect, test } from 'bun:test'
import { hugeBodies, residentBytes, type Slowness, slowCallers } from '../support/hostile'
import { startServer } from '../support/server'

const SLOW = 4000
const HUGE = 100
const HUGE_MB = 10
const GROWTH_BYTES_MAX = 50 * 2 ** 20
/** Far more than any answer takes; a server that is held up takes for ever. */
const ANSWER_MS_MAX = 3000

/** When the server must have closed a connection that keeps it waiting, in ms. */
const patience: Record<Slowness, number> = {
  'says nothing': 20_000,
  'never ends its head': 20_000,
  'sends its body byte by byte': 40_000,
  'sends a chunk of a byte at a time': 40_000,
  'asks once and stays': 40_000,
}

test('4 000 slow callers and 100 huge bodies at once hold nobody up and take no memory; the slow ones are hung up on', async () => {
  await using server = await startServer()
  const honest = async () => {
    const since = performance.now()
    const { status } = await server.call('GET', '/api/channel/specialities')
    return { status, ms: performance.now() - since }
  }
  for (let round = 0; round < 500; round++) await honest()
  const before = residentBytes(server)
  let most = before

  using slow = await slowCallers(server, SLOW)
  let bytes = 0
  const huge = hugeBodies(server, HUGE, HUGE_MB).then((sent) => {
    bytes = sent
  })
  const answers: { status: number; ms: number }[] = []
  const everybodyGone = () =>
    (Object.keys(patience) as Slowness[]).every((slowness) => slow.lasted(slowness).every((ms) => ms !== null))
  const deadline = Date.now() + 60_000
  while (Date.now() < deadline && !(bytes > 0 && everybodyGone())) {
    answers.push(await honest())
    most = Math.max(most, residentBytes(server))
    await Bun.sleep(20)
  }
  await huge

  expect(answers.length).toBeGreaterThan(100)
  expect(answers.filter(({ status, ms }) => status !== 200 || ms > ANSWER_MS_MAX)).toEqual([])
  expect(bytes).toBe(HUGE * HUGE_MB * 2 ** 20)
  expect(most - before).toBeLessThan(GROWTH_BYTES_MAX)
  for (const [slowness, atMost] of Object.entries(patience) as [Slowness, number][]) {
    const lasted = slow.lasted(slowness)
    expect(lasted).toHaveLength(SLOW / 5)
    const kept = lasted.filter((ms) => ms === null || ms > atMost)
    expect([slowness, kept.length]).toEqual([slowness, 0])
  }
  expect(server.output()).not.toContain('"level":"error"')
}, 120_000)
