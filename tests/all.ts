/** Runs every test there is, journeys and races in their forms, and closes with `N passed, N failed`. */
import { composeFiles, embeddedOnly, splitFiles } from './support/forms'

interface Suite {
  name: string
  command: string[]
  environment?: Record<string, string>
  /** Its counts, out of what it printed. */
  passed: RegExp
  failed: RegExp
}

const bun = process.execPath

const suites: Suite[] = [
  {
    name: 'bun test',
    command: [bun, 'test', '--timeout', '60000', 'libs', 'services', 'gateway', 'tests'],
    passed: /^\s*(\d+) pass$/m,
    failed: /^\s*(\d+) fail$/m,
  },
  {
    name: 'bun test, with every service in a process of its own',
    command: [bun, 'test', '--timeout', '60000', ...splitFiles()],
    environment: { FORM: 'split' },
    passed: /^\s*(\d+) pass$/m,
    failed: /^\s*(\d+) fail$/m,
  },
  {
    name: 'bun test, with what docker-compose.yml says',
    command: [bun, 'test', '--timeout', '60000', ...composeFiles()],
    environment: { FORM: 'compose' },
    passed: /^\s*(\d+) pass$/m,
    failed: /^\s*(\d+) fail$/m,
  },
  {
    name: 'browser',
    command: [bun, 'x', '--bun', 'playwright', 'test', '-c', 'browser'],
    passed: /^\s*(\d+) passed/m,
    failed: /^\s*(\d+) failed/m,
  },
]

/** Runs a suite, shows what it prints, and counts. One that ends badly without a count has failed as a whole. */
async function run({ name, command, environment, passed, failed }: Suite): Promise<{ passed: number; failed: number }> {
  console.log(`\n== ${name}`)
  const cwd = name === 'browser' ? import.meta.dir : `${import.meta.dir}/..`
  const child = Bun.spawn(command, {
    cwd,
    stdout: 'pipe',
    stderr: 'pipe',
    env: { ...process.env, ...environment, FORCE_COLOR: '0' },
  })
  let output = ''
  const show = async (stream: ReadableStream<Uint8Array>, to: NodeJS.WriteStream) => {
    for await (const chunk of stream) {
      const text = new TextDecoder().decode(chunk)
      output += text
      to.write(text)
    }
  }
  await Promise.all([show(child.stdout, process.stdout), show(child.stderr, process.stderr)])
  const exitCode = await child.exited
  const count = (pattern: RegExp) => Number(pattern.exec(output)?.[1] ?? 0)
  const counts = { passed: count(passed), failed: count(failed) }
  if (exitCode !== 0 && counts.failed === 0) counts.failed = 1
  if (counts.passed === 0 && counts.failed === 0) counts.failed = 1
  return counts
}

let passed = 0
let failed = 0
for (const suite of suites) {
  const counts = await run(suite)
  passed += counts.passed
  failed += counts.failed
}
console.log('\nNot run with services apart:')
for (const [file, why] of Object.entries(embeddedOnly)) console.log(`  ${file}: ${why}`)
console.log(`\n${passed} passed, ${failed} failed`)
process.exit(failed === 0 ? 0 : 1)
