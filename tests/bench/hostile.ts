/**
 * What honest callers see while 4 000 slow connections and 100 huge bodies are upon the server, and what memory it takes:
 * `bun tests/bench/hostile.ts`. Wants wrk and an otherwise idle machine; those who are hostile take their share of it too.
 */
import { aHospital } from '../support/hospital'
import { hugeBodies, residentBytes, slowCallers } from '../support/hostile'
import { startServer } from '../support/server'
import { type Load, measure, median, told } from './wrk'

const SLOW = 4000
const HUGE = 100
const HUGE_MB = 6
/** Makes 100 MB a second in all, about what a line of a gigabit carries: without a bound it is the senders who take the processor. */
const PAUSE_MS = 62
const ROUNDS = 3

await using server = await startServer({ seed: aHospital({ patients: 1 }) })
// as many as ask at a busy hour, not as many as there can be: p99 of a server that is kept full says how full it is
const honest: Load = {
  url: `${server.url}/api/channel/specialities`,
  headers: { Finance: server.key },
  connections: 16,
  pauseMs: 10,
}
await measure(honest)
const before = residentBytes(server)
const ratios: number[] = []
let most = before

for (let round = 0; round < ROUNDS; round++) {
  const normal = await measure(honest)
  using _slow = await slowCallers(server, SLOW)
  let over = false
  const bodies = (async () => {
    while (!over) await hugeBodies(server, HUGE, HUGE_MB, PAUSE_MS)
  })()
  const watch = setInterval(() => {
    most = Math.max(most, residentBytes(server))
  }, 50)
  const beset = await measure(honest)
  over = true
  await bodies
  clearInterval(watch)
  console.log(told('left alone', normal))
  console.log(told('4 000 slow, 100 huge bodies again and again', beset))
  ratios.push(beset.p99Ms / normal.p99Ms)
}
console.log(`p99 ${median(ratios).toFixed(2)} times that of a server left alone (median of ${ROUNDS} rounds)`)
console.log(`memory ${(before / 2 ** 20).toFixed(0)} MB, at most ${((most - before) / 2 ** 20).toFixed(0)} MB more`)
