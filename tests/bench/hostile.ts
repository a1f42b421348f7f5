/**
 * What honest callers see while 4 000 slow connections and 100 huge bodies are upon the server, and what memory it takes:
 * `bun tests/bench/hostile.ts`. Wants wrk and an otherwise idle machine; those who are hostile take their share of it too.
 */
import { aHospital } from '../support/hospital'
import { hugeBodies, residentBytes, slowCallers } from '../support/hostile'
import { type Server, startServer } from '../support/server'
import { type Load, measure, median, told } from './wrk'

const SLOW = 4000
const HUGE = 100
const HUGE_MB = 6
/** Makes 100 MB a second in all, about what a line of a gigabit carries: without a bound it is the senders who take the processor. */
const PAUSE_MS = 62
const ROUNDS = 3

// as many as ask at a busy hour, not as many as there can be: p99 of a server that is kept full says how full it is
const honestOf = ({ url, key }: Server): Load => ({
  url: `${url}/api/channel/specialities`,
  headers: { Finance: key },
  connections: 16,
  pauseMs: 10,
})

/** Measures honest callers, and the most memory that the server takes meanwhile. */
async function watched(server: Server) {
  let most = 0
  const look = () => {
    most = Math.max(most, residentBytes(server))
  }
  const watch = setInterval(look, 50)
  const seen = await measure(honestOf(server))
  clearInterval(watch)
  look()
  return { seen, most }
}

const megabytes = (bytes: number) => `${(bytes / 2 ** 20).toFixed(0)} MB`
const ratios: number[] = []
const grown: number[] = []
for (let round = 0; round < ROUNDS; round++) {
  // a new one each time, since one that was beset may keep the memory that it took
  await using server = await startServer({ seed: aHospital({ patients: 1 }) })
  await measure(honestOf(server))
  const alone = await watched(server)
  using _slow = await slowCallers(server, SLOW)
  let over = false
  const bodies = (async () => {
    while (!over) await hugeBodies(server, HUGE, HUGE_MB, PAUSE_MS)
  })()
  const beset = await watched(server)
  over = true
  await bodies
  console.log(`${told('left alone', alone.seen)}  ${megabytes(alone.most)}`)
  console.log(`${told('4 000 slow, 100 huge bodies again and again', beset.seen)}  ${megabytes(beset.most)}`)
  ratios.push(beset.seen.p99Ms / alone.seen.p99Ms)
  grown.push(beset.most - alone.most)
}
console.log(`p99 ${median(ratios).toFixed(2)} times that of a server left alone (median of ${ROUNDS} rounds)`)
console.log(`at most ${megabytes(Math.max(...grown))} more than left alone`)
