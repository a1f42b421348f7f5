import { mkdtempSync, rmSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'

const cli = join(dirname(createRequire(import.meta.url).resolve('@redocly/cli/package.json')), 'bin/cli.js')

/** What the linter found, `<rule> <where>`. */
export interface Findings {
  errors: string[]
  warnings: string[]
}

interface Problem {
  ruleId: string
  severity: 'error' | 'warn'
  location: { pointer: string }[]
}

/** Runs Redocly's linter, with its recommended rules, on a document. It asks nobody on the network. */
export async function lint(document: unknown): Promise<Findings> {
  const folder = mkdtempSync(join(tmpdir(), 'channelling-lint-'))
  try {
    const file = join(folder, 'openapi.json')
    await Bun.write(file, JSON.stringify(document))
    const child = Bun.spawn([process.execPath, cli, 'lint', file, '--extends', 'recommended', '--format', 'json'], {
      cwd: folder,
      env: { PATH: process.env.PATH, HOME: folder, REDOCLY_TELEMETRY: 'off', REDOCLY_SUPPRESS_UPDATE_NOTICE: 'true' },
      stdout: 'pipe',
      stderr: 'pipe',
    })
    const [output, told] = await Promise.all([
      new Response(child.stdout).text(),
      new Response(child.stderr).text(),
      child.exited,
    ])
    const start = output.indexOf('{')
    if (start === -1) throw new Error(`The linter said nothing: ${told}`)
    const { problems } = JSON.parse(output.slice(start)) as { problems: Problem[] }
    const named = (severity: Problem['severity']) =>
      problems
        .filter((problem) => problem.severity === severity)
        .map(({ ruleId, location }) => `${ruleId} ${location[0]?.pointer}`)
    return { errors: named('error'), warnings: named('warn') }
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}
