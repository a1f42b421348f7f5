/**
 * `bun tests/simulator/run.ts --seed 7` prints what happens in the run of a seed; `--seeds 1000` runs so many from `--seed` on (1), until one
 * breaks a promise. Exit code 1: a promise was broken.
 */
import { parseArgs } from 'node:util'
import { prepare } from './data'
import { simulate } from './simulate'

const { values } = parseArgs({ options: { seed: { type: 'string', default: '1' }, seeds: { type: 'string' } } })
const first = Number(values.seed)
const count = Number(values.seeds ?? 1)
if (!Number.isSafeInteger(first) || !Number.isSafeInteger(count)) throw new TypeError('A seed is a whole number')

const bytes = await prepare()
for (let seed = first; seed < first + count; seed++) {
  const { faults, trace, hash, operations, events } = simulate(seed, bytes)
  if (values.seeds === undefined) {
    for (const line of trace) console.log(line)
    console.log(`${operations} operations, ${events} events, ${hash}`)
  }
  if (faults.length > 0) {
    console.log(`seed ${seed} breaks a promise: ${faults.join('; ')}`)
    process.exit(1)
  }
  await new Promise(setImmediate)
}
console.log(`${count} runs from seed ${first} on, and every promise is kept`)
process.exit(0)
