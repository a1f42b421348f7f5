/**
 * Runs every test there is, journeys and races in their forms, and closes with `N passed, N failed`. Three suites run at a time: while
 * one waits, for processes that start and for the disk, the others go on.
 */
import { readdirSync } from 'node:fs'
import { composeFiles, embeddedOnly, splitFiles } from './support/forms'
import { plainClients } from './support/plain-client'
import { gather } from './support/process'

interface Suite {
  name: string
  command: string[]
  environment?: Record<string, string>
  /** Its counts, out of what it printed. */
  passed: RegExp
  failed: RegExp
}

const bun = process.execPath

/** What takes longest has suites of its own: what is killed, and what is of many processes. */
const killed = ['crash']
const many = ['delivery', 'isolation', 'replicas']
const others = readdirSync(import.meta.dir, { withFileTypes: true })
  .filter((entry) => entry.isDirectory() && ![...killed, ...many, 'node_modules'].includes(entry.name))
  .map(({ name }) => name)
// by their paths: a bare name stands for every file that has it somewhere in its own
const inTests = (folders: readonly string[]) => folders.map((name) => `./tests/${name}/`)

const bunTest = (name: string, files: readonly string[], environment?: Record<string, string>): Suite => ({
  name,
  command: [bun, 'test', '--timeout', '60000', ...files],
  environment,
  passed: /^\s*(\d+) pass$/m,
  failed: /^\s*(\d+) fail$/m,
})

/** In the order in which they begin. */
const suites: Suite[] = [
  bunTest('bun test', ['./libs/', './services/', './gateway/', ...inTests(others)]),
  bunTest('bun test, crashes', inTests(killed)),
  bunTest('bun test, of many processes', inTests(many)),
  bunTest('bun test, with every service in a process of its own', splitFiles(), { FORM: 'split' }),
  bunTest('bun test, with what docker-compose.yml says', composeFiles(), { FORM: 'compose' }),
  {
    name: 'browser',
    command: [bun, 'x', '--bun', 'playwright', 'test', '-c', 'browser'],
    passed: /^\s*(\d+) passed/m,
    failed: /^\s*(\d+) failed/m,
  },
]

/** How much of what a suite printed last tells of a fault that no test of it names. */
const LINES_OF_A_FAULT = 60

/** What was printed of the tests that failed, each with its file; of a suite that names none, what it printed last. */
function faultsIn(output: string): string[] {
  const faults: string[] = []
  let file = ''
  let since: string[] = []
  for (const line of output.split('\n')) {
    // from here on those are listed once more, by their names alone
    if (/^\d+ tests? failed:$/.test(line)) break
    if (/^\S+\.test\.ts:$/.test(line)) file = line
    since.push(line)
    if (line.startsWith('(fail)')) faults.push([file, ...since.filter((printed) => printed !== file)].join('\n'))
    if (/^\((?:fail|pass)\)/.test(line)) since = []
  }
  return faults.length > 0 ? faults : [output.split('\n').slice(-LINES_OF_A_FAULT).join('\n')]
}

/** Runs a suite, shows what it printed, and counts. One that ends badly without a count has failed as a whole. */
async function run({ name, command, environment, passed, failed }: Suite): Promise<void> {
  console.log(`== ${name}: begins`)
  const cwd = name === 'browser' ? import.meta.dir : `${import.meta.dir}/..`
  const child = Bun.spawn(command, {
    cwd,
    stdout: 'pipe',
    stderr: 'pipe',
    env: { ...process.env, ...environment, FORCE_COLOR: '0' },
  })
  const gathered = gather(child)
  await gathered.done
  const output = gathered.text()
  const exitCode = await child.exited
  const count = (pattern: RegExp) => Number(pattern.exec(output)?.[1] ?? 0)
  const counts = { passed: count(passed), failed: count(failed) }
  if (exitCode !== 0 && counts.failed === 0) counts.failed = 1
  if (counts.passed === 0 && counts.failed === 0) counts.failed = 1
  console.log(`\n== ${name}\n${output}`)
  total.passed += counts.passed
  total.failed += counts.failed
  if (counts.failed > 0) faults.push(...faultsIn(output).map((fault) => `== ${name}\n${fault}`))
}

const total = { passed: 0, failed: 0 }
/** Shown once more at the end: of a long record often only the last part is kept. */
const faults: string[] = []
const AT_ONCE = 3
const left = suites.values()
await Promise.all(
  Array.from({ length: AT_ONCE }, async () => {
    for (const suite of left) await run(suite)
  }),
)
console.log('\nNot run with services apart:')
for (const [file, why] of Object.entries(embeddedOnly)) console.log(`  ${file}: ${why}`)
for (const { name, there } of plainClients) if (!there()) console.log(`\nNot tried, since it is not installed: ${name}`)
if (faults.length > 0) console.log(`\nWhat failed:\n${faults.join('\n')}`)
console.log(`\n${total.passed} passed, ${total.failed} failed`)
process.exit(total.failed === 0 ? 0 : 1)
