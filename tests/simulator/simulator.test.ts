import { beforeAll, expect, setDefaultTimeout, test } from 'bun:test'
import { seedFor } from '../support/chance'
import { prepare } from './data'
import { simulate } from './simulate'

setDefaultTimeout(3_600_000)

/** `NIGHTLY=1` makes it 10 000. */
const SEEDS = process.env.NIGHTLY === '1' ? 10_000 : 300
const REPEATED = 20

let bytes: Uint8Array
beforeAll(async () => {
  bytes = await prepare()
})

test(`whatever goes wrong, in ${SEEDS} simulated runs the services keep their promises`, async () => {
  const first = seedFor('simulated runs')
  let operations = 0
  let events = 0
  for (let seed = first; seed < first + SEEDS; seed++) {
    const run = simulate(seed, bytes)
    // bun tests/simulator/run.ts --seed <seed> shows what happened
    expect({ seed, faults: run.faults }).toEqual({ seed, faults: [] })
    operations += run.operations
    events += run.events
    await new Promise(setImmediate)
  }
  // a simulation in which nothing is booked would keep every promise too
  expect(operations).toBeGreaterThan(20 * SEEDS)
  expect(events).toBeGreaterThan(20 * SEEDS)
})

test('a seed is a run: again, it goes the same way to the last step', () => {
  const first = seedFor('repeated runs')
  const hashes = new Set<string>()
  for (let seed = first; seed < first + REPEATED; seed++) {
    const { hash, trace } = simulate(seed, bytes)
    const again = simulate(seed, bytes)
    expect(again.trace).toEqual(trace)
    expect(again.hash).toBe(hash)
    hashes.add(hash)
  }
  expect(hashes.size).toBe(REPEATED)
})

test('what a run reads of its surroundings is given back after it', () => {
  const before = [setTimeout, setInterval, setImmediate, Bun.sleep, Date.now, performance.now, Math.random]
  simulate(1, bytes)
  expect([setTimeout, setInterval, setImmediate, Bun.sleep, Date.now, performance.now, Math.random]).toEqual(before)
})
