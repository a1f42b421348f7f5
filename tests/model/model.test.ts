import { expect, setDefaultTimeout, test } from 'bun:test'
import fc from 'fast-check'
import { seedFor } from '../support/chance'
import { commandsIn, histories } from './history'
import { openDesk } from './hospital'
import { replay } from './replay'

// shrinking a failure to its least takes minutes
setDefaultTimeout(3_600_000)

const COMMANDS = 50
/** From none to so many steps, of which some are several commands: more than 60 commands on average. */
const STEPS_MAX = 90
/** Histories in one database. */
const RUNS = 500
/** `NIGHTLY=1` makes it 10 000 histories. */
const DATABASES = process.env.NIGHTLY === '1' ? 20 : 1

test(`in ${RUNS * DATABASES} histories of ${COMMANDS} commands the services do what the model of the contract does`, async () => {
  const first = seedFor('histories')
  let commands = 0
  for (let database = 0; database < DATABASES; database++) {
    await using desk = await openDesk()
    // the seed that a failure names repeats the histories of its database
    await fc.assert(
      fc.asyncProperty(histories(STEPS_MAX), async (steps) => {
        commands += commandsIn(steps)
        await replay(desk, steps)
      }),
      { numRuns: RUNS, seed: (first + database) | 0 },
    )
  }
  expect(commands).toBeGreaterThanOrEqual(RUNS * DATABASES * COMMANDS)
})
