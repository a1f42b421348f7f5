import { statSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { readFolder } from '@channelling/catalogue'
import { readSettings } from '@channelling/settings'
import type { ImportLine } from '../control'
import { CommandFailed, remark, runCommand, say, WrongUsage } from './command'
import { SERVICES_HELP } from './place'
import { type Reach, reach } from './reach'

const HELP = `Usage: bun run import <folder> [--services]

Brings the catalogue to what hospitals.csv, specialities.csv, consultants.csv and schedules.csv of the folder say, and
publishes the sessions of the coming 30 days: all of it, or nothing and every fault as file:line reason.
A second run changes nothing. Works beside a running server, and without one. DATA_DIR tells where the data is.

${SERVICES_HELP}`

async function importFolder(): Promise<void> {
  const { values, positionals } = parseArgs({
    args: process.argv.slice(2),
    options: { help: { type: 'boolean', short: 'h' }, services: { type: 'boolean' } },
    allowPositionals: true,
  })
  if (values.help) return say(HELP)
  const [folder, ...rest] = positionals
  if (!folder || rest.length > 0) throw new WrongUsage('Name one folder')
  if (!statSync(folder, { throwIfNoEntry: false })?.isDirectory()) throw new CommandFailed(`${folder} is no folder`)

  const settings = readSettings(process.env)
  const read = await readFolder(folder)
  if (!read.ok) return tellFaults(read.faults)
  const reached = await reach(settings, values)
  try {
    await send(reached, read.files)
  } finally {
    await reached.close()
  }
}

async function send(reached: Reach, files: object): Promise<void> {
  const response = await reached.fetch('/import', { method: 'POST', body: JSON.stringify({ files }) })
  if (!response.ok) throw new CommandFailed(((await response.json()) as { message: string }).message)
  let last: ImportLine | undefined
  for await (const line of linesOf(response)) {
    last = line
    if ('progress' in line) remark(line.progress)
  }
  if (last && 'report' in last) return tellReport(last.report)
  if (last && 'faults' in last) return tellFaults(last.faults)
  throw new CommandFailed(last && 'error' in last ? last.error : 'The server went away before the import was done')
}

async function* linesOf(response: Response): AsyncGenerator<ImportLine> {
  let rest = ''
  const decoder = new TextDecoder()
  for await (const chunk of response.body ?? []) {
    const lines = (rest + decoder.decode(chunk, { stream: true })).split('\n')
    rest = lines.pop() ?? ''
    for (const line of lines) yield JSON.parse(line) as ImportLine
  }
}

function tellReport(report: Extract<ImportLine, { report: unknown }>['report']): void {
  for (const [what, counts] of Object.entries(report)) {
    const told = Object.entries(counts).map(([how, count]) => `${count} ${how}`)
    say(`${what.padEnd(14)}${told.join(', ')}`)
  }
}

function tellFaults(faults: { file: string; line: number; reason: string }[]): void {
  for (const { file, line, reason } of faults) remark(`${file}:${line} ${reason}`)
  remark(`Nothing was imported: ${faults.length} ${faults.length === 1 ? 'fault' : 'faults'}`)
  process.exitCode = 1
}

await runCommand(importFolder)
