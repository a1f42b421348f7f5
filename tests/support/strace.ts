import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** What changes a file, or waits until its changes are on the disk. */
export const fileCalls = [
  'write',
  'pwrite64',
  'pwritev',
  'ftruncate',
  'fallocate',
  'fsync',
  'fdatasync',
  'msync',
] as const

export type FileCall = (typeof fileCalls)[number]

/** One call that a process made of the system. */
export interface SystemCall {
  name: FileCall
  /** The thread that made it. */
  thread: string
  path: string
  /** For writes. */
  bytes: number
  offset: number
  /** Whether it came back with success; one that the process did not live to see did not. */
  done: boolean
}

/** What is to happen at one call: strace's words, `signal=KILL`, `error=EIO`. */
export interface Mishap {
  call: FileCall
  /** From 1; each thread counts its own. */
  at: number
  what: string
}

export interface Watch {
  /** Stops watching, and tells the calls in their order. */
  end(): Promise<SystemCall[]>
}

export const hasStrace = (): boolean => Bun.which('strace') !== null

/** Watches what a running process does to some files from now on, with a mishap at one of the calls. */
export async function watch(pid: number, paths: readonly string[], mishap?: Mishap): Promise<Watch> {
  const folder = mkdtempSync(join(tmpdir(), 'strace-'))
  const log = join(folder, 'log')
  const command = ['strace', '-f', '-y', '-s', '0', '-o', log, '-e', `trace=${fileCalls.join()}`]
  for (const path of paths) command.push('-P', path)
  if (mishap) command.push('-e', `inject=${mishap.call}:${mishap.what}:when=${mishap.at}`)
  const strace = Bun.spawn([...command, '-p', String(pid)], { stdout: 'ignore', stderr: 'pipe' })

  let said = ''
  const attached = Promise.withResolvers<void>()
  void (async () => {
    for await (const chunk of strace.stderr) {
      said += new TextDecoder().decode(chunk)
      if (/^strace: Process \d+ attached/m.test(said)) attached.resolve()
    }
    attached.reject(new Error(`strace does not watch: ${said}`))
  })()
  await attached.promise
  return {
    async end() {
      strace.kill('SIGINT')
      await strace.exited
      const calls = readCalls(readFileSync(log, 'utf8'))
      rmSync(folder, { recursive: true })
      return calls
    },
  }
}

/** Reads strace's log; a call that another thread's line interrupts stands where it began. */
export function readCalls(log: string): SystemCall[] {
  const calls: SystemCall[] = []
  const unfinished = new Map<string, SystemCall>()
  for (const line of log.split('\n')) {
    const resumed = /^(\d+) +<\.\.\. \w+ resumed>.*\) += (\S+)/.exec(line)
    if (resumed) {
      const call = unfinished.get(resumed[1]!)
      if (call) call.done = succeeded(resumed[2]!)
      continue
    }
    const begun = /^(\d+) +(\w+)\(\d+<([^>]*)>(.*)$/.exec(line)
    if (!begun) continue
    const [, thread, name, path, rest] = begun as unknown as [string, string, FileCall, string, string]
    const range = /, (\d+), (\d+)(?:\)| <unfinished)/.exec(rest)
    const result = /\) += (\S+)/.exec(rest)?.[1]
    const call = {
      name,
      thread,
      path,
      bytes: Number(range?.[1] ?? 0),
      offset: Number(range?.[2] ?? 0),
      done: result !== undefined && succeeded(result),
    }
    if (result === undefined) unfinished.set(thread, call)
    calls.push(call)
  }
  return calls
}

const succeeded = (result: string) => /^\d/.test(result)
