import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gather } from './process'

/** How long it may take until it says something. */
const SAYS_MS_MAX = 60_000

const commands = new URL('../../gateway/src/commands/', import.meta.url).pathname

/** `run services` or `run up` as somebody has started it in a folder. */
export interface Everything {
  child: Bun.Subprocess<'ignore', 'pipe', 'pipe'>
  /** @throws Error with its output where it ends before or takes too long */
  said(what: RegExp): Promise<RegExpExecArray>
  /** Everything it wrote, once it has ended. */
  ended(): Promise<string>
  /** The process that runs at present under a name, as its lines tell. */
  pidOf(name: string): Promise<number>
  [Symbol.asyncDispose](): Promise<void>
}

export interface EverythingGiven {
  command?: 'services' | 'up'
  args?: readonly string[]
  environment?: Record<string, string>
}

/** Starts everything as somebody would who has just installed it. */
export function startEverything(
  folder: string,
  { command = 'services', args = [], environment = {} }: EverythingGiven = {},
): Everything {
  const child = Bun.spawn([process.execPath, join(commands, `${command}.ts`), ...args], {
    env: { PATH: process.env.PATH, HOST: '127.0.0.1', PORT: '0', DATA_DIR: folder, ...environment },
    stdout: 'pipe',
    stderr: 'pipe',
  })
  const output = gather(child)
  const said = async (what: RegExp) => {
    const deadline = Date.now() + SAYS_MS_MAX
    for (;;) {
      const found = what.exec(output.text())
      if (found) return found
      if (child.exitCode !== null) throw new Error(`It ended with ${child.exitCode}: ${output.text()}`)
      if (Date.now() > deadline) throw new Error(`It did not say ${what}: ${output.text()}`)
      await Bun.sleep(20)
    }
  }
  return {
    child,
    said,
    async ended() {
      await child.exited
      await output.done
      return output.text()
    },
    pidOf: async (name) => Number((await said(new RegExp(`${name} .*process (\\d+)`)))[1]),
    async [Symbol.asyncDispose]() {
      child.kill('SIGTERM')
      await child.exited
    },
  }
}

/** Every process that was told to keep its data in a folder. */
export const processesOf = (folder: string): number[] =>
  readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .filter((pid) => ['environ', 'cmdline'].some((file) => textOf(pid, file).includes(folder)))
    .map(Number)

/** The process of a folder whose command line holds a word. */
export const processWith = (folder: string, word: string): number =>
  processesOf(folder).find((pid) => textOf(String(pid), 'cmdline').includes(word))!

function textOf(pid: string, file: string): string {
  try {
    return readFileSync(`/proc/${pid}/${file}`, 'utf8')
  } catch {
    return ''
  }
}

/** An empty folder, removed in the end. */
export function aFolder(name = 'everything') {
  const path = mkdtempSync(join(tmpdir(), `${name}-`))
  return { path, [Symbol.dispose]: () => rmSync(path, { recursive: true, force: true }) }
}
