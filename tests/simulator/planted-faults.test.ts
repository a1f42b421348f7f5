import { expect, setDefaultTimeout, test } from 'bun:test'
import { type Changed, changed } from '../crash/changes'

setDefaultTimeout(600_000)

const SEEDS_MAX = 1000

const NIGHTLY = process.env.NIGHTLY === '1'

/** Runs simulations of a program that was changed, in a process of its own, until a promise is broken. */
async function find(
  how: Changed | undefined,
  seeds = SEEDS_MAX,
  from = 1,
): Promise<{ exitCode: number; said: string }> {
  const { preload, environment } = changed(how) as { preload?: string; environment?: Record<string, string> }
  const program = new URL('./run.ts', import.meta.url).pathname
  const child = Bun.spawn(
    [
      process.execPath,
      ...(preload ? ['--preload', preload] : []),
      program,
      '--seeds',
      String(seeds),
      '--seed',
      String(from),
    ],
    { stdout: 'pipe', stderr: 'inherit', env: { ...process.env, ...environment } },
  )
  const said = await new Response(child.stdout).text()
  return { exitCode: await child.exited, said }
}

/** With the seed that a check begins at, shortly before the one that finds it; at night it is looked for from 1 on. */
test.each([
  ['sells on an old reading', /taken|numbers|event/, 1],
  ['does the uncertain again', /done 2 times|refused and done/, 50],
  ['moves its cursor first', /hears as its event \d+|does not settle.*subscriber/, 1],
  ['listens later than it says', /hears as its event \d+|does not settle.*subscriber/, 335],
  ['keeps no answers', /two answers|done 2 times|refused and done|not kept/, 1],
] as const)(`${SEEDS_MAX} seeds are enough to find a program that %s`, async (how, broken, near) => {
  const { exitCode, said } = await find(how, SEEDS_MAX, NIGHTLY ? 1 : near)
  expect(said).toMatch(broken)
  expect(exitCode).toBe(1)
  console.log(said.trim())
})

test('of the program as it is, the same seeds find nothing', async () => {
  const { exitCode, said } = await find(undefined, 50)
  expect(said).toContain('every promise is kept')
  expect(exitCode).toBe(0)
})
