import { expect, setDefaultTimeout, test } from 'bun:test'
import { readFileSync } from 'node:fs'
import { aHospital, aSession } from '../support/hospital'
import { startServer } from '../support/server'
import { type Stalled, stall } from '../support/stalled'
import { bookSteadily } from './bookings'
import { moment, startHealthy } from './healthy'

const NIGHTLY = process.env.NIGHTLY === '1'
const HEALTHY = NIGHTLY ? 99 : 10
/** The system takes some MB for a socket before the server has to hold anything for it; a check fills them in less time. */
const PER_SECOND = NIGHTLY ? 1000 : 2500
const SECONDS_MAX = NIGHTLY ? 60 : 20
const SESSIONS = 20
const LET_GO_MS_MAX = 5000
/**
 * Of 99 events in 100. A check runs beside other suites, and books as fast as it can to fill the stalled socket soon: there it tells that
 * nobody waited for that one, which took `LET_GO_MS_MAX`, and no more.
 */
const LAG_MS_MAX = NIGHTLY ? 250 : 3000
/** For the last ones. */
const HEARD_MS_MAX = 5000
const GROWTH_MIB_MAX = 64

setDefaultTimeout(180_000)

const rssMiB = (pid: number) => Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]) / 1024

/** Looks on until the server lets it go: how long after the system would take no more for it. */
async function letGo(stalled: Stalled, going: () => boolean): Promise<number | null> {
  let held = 0
  let since = performance.now()
  while (going()) {
    const now = stalled.held()
    if (now === null) return performance.now() - since
    if (now > held) {
      held = now
      since = performance.now()
    }
    await Bun.sleep(20)
  }
  return null
}

test(`of ${HEALTHY + 1} subscribers one stops reading: it is let go, and the others hear everything as soon as ever`, async () => {
  await using server = await startServer({
    seed: aHospital({ sessions: Array.from({ length: SESSIONS }, () => aSession({ capacity: 0 })) }),
    quiet: true,
  })
  const acknowledgedAt = new Map<number, number>()
  await using healthy = await startHealthy({ count: HEALTHY, port: server.port, key: server.key })
  const acknowledged = (id: number) => void acknowledgedAt.set(id, moment())
  const given = { perSecond: PER_SECOND, sessions: SESSIONS, acknowledged }
  await bookSteadily(server, { ...given, count: PER_SECOND }).done
  const before = rssMiB(server.pid)
  let most = before

  using stalled = await stall(server)
  const bookings = bookSteadily(server, { ...given, count: PER_SECOND * SECONDS_MAX })
  let going = true
  const watching = setInterval(() => {
    most = Math.max(most, rssMiB(server.pid))
  }, 100)
  const letGoMs = letGo(stalled, () => going)
  if (!NIGHTLY) void letGoMs.then(() => bookings.stop())
  await bookings.done
  const total = acknowledgedAt.size
  const { connections } = await healthy.hear({ count: total, withinMs: HEARD_MS_MAX })
  going = false
  clearInterval(watching)

  await server.stop()
  const { faults, p99Ms, mostMs } = await healthy.judge({
    dataDir: server.dataDir,
    acknowledged: [...acknowledgedAt],
  })
  const grown = most - before
  console.log(
    `${total} events, p99 ${Math.round(p99Ms)} ms, at most ${Math.round(mostMs)} ms, let go after ${Math.round((await letGoMs) ?? 0)} ms, ${Math.round(grown)} MiB more`,
  )
  expect(await letGoMs).not.toBeNull()
  expect(await letGoMs).toBeLessThan(LET_GO_MS_MAX)
  expect(p99Ms).toBeLessThan(LAG_MS_MAX)
  expect(grown).toBeLessThan(GROWTH_MIB_MAX)
  expect(connections).toEqual(Array(HEALTHY).fill(1))
  expect(faults).toEqual([])
})
