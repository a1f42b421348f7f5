import { readFileSync } from 'node:fs'

/** How often one that starts is asked whether it does its work, unless it says. */
const ASK_EVERY_MS = 10
/** What one look takes at most, the answer and the pause after it. */
const LOOK_MS_MAX = 1500

/** What is started as a process, and how it is seen to do its work. */
export interface Program {
  /** As faults name it. */
  name: string
  command: readonly string[]
  environment: Record<string, string | undefined>
  cwd?: string
  /** Whether it does its work: by asking it, or by what it has written since it was started. */
  isReady: (output: string) => boolean | Promise<boolean>
  askEveryMs?: number
  /** How long it may take until it does its work. */
  startMsMax: number
}

/** A process of this machine that can be started again whenever it has ended. */
export interface Process {
  /** Of the one that was started last. */
  readonly pid: number
  /** Resolves when that one ends, with its code; null where a signal ended it. */
  readonly exited: Promise<number | null>
  /** Everything that one wrote. */
  output(): string
  /**
   * Resolves once it does its work.
   * @throws Error with its output where it ends before or takes too long
   */
  start(): Promise<void>
  /** Ends it the way an operator does. */
  stop(): Promise<void>
  /** Ends it the way a power cut does. */
  kill(): Promise<void>
  /** Leaves it there, taking connections and answering nobody. */
  hang(): void
  resume(): void
}

/** @param program is asked at each start, so that one that is started again may be told something else */
export function aProcess(program: () => Program): Process {
  let running: { child: Child; gathered: Gathered } | undefined

  async function end(signal: 'SIGTERM' | 'SIGKILL') {
    running?.child.kill(signal)
    await running?.child.exited
  }

  return {
    get pid() {
      return running!.child.pid
    },
    get exited() {
      const { child } = running!
      return child.exited.then(() => child.exitCode)
    },
    output: () => running?.gathered.text() ?? '',
    async start() {
      const { name, command, environment, cwd, isReady, askEveryMs = ASK_EVERY_MS, startMsMax } = program()
      const child = Bun.spawn([...command], { cwd, env: environment, stdout: 'pipe', stderr: 'pipe' })
      const gathered = gather(child)
      running = { child, gathered }
      let left = startMsMax
      for (;;) {
        const began = performance.now()
        if (await isReady(gathered.text())) return
        if (child.exitCode !== null || child.signalCode !== null) {
          await gathered.done
          throw new Error(`${name} ended with ${child.exitCode ?? child.signalCode}: ${gathered.text()}`)
        }
        if (left < 0) throw new Error(`${name} did not start in time: ${gathered.text()}`)
        await Bun.sleep(askEveryMs)
        // a test that stands still itself, as under a load of its own, does not count that against what it starts
        left -= Math.min(performance.now() - began, LOOK_MS_MAX)
      }
    },
    stop: () => end('SIGTERM'),
    kill: () => end('SIGKILL'),
    hang() {
      const { pid } = running!.child
      process.kill(pid, 'SIGSTOP')
      // its threads go on until one of them has taken the signal, which a busy machine may take a while for
      while (isGoing(pid)) Bun.sleepSync(1)
    },
    resume: () => process.kill(running!.child.pid, 'SIGCONT'),
  }
}

/** Whether a process runs, or would if something came for it. */
const isGoing = (pid: number): boolean => /^State:\s+[RSD]/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'))

type Child = Bun.Subprocess<'ignore', 'pipe', 'pipe'>

export interface Gathered {
  /** What was written so far, to either output. */
  text(): string
  /** Resolves when nothing more can be written. */
  done: Promise<unknown>
}

/** Takes what a process writes, from now on. */
export function gather({ stdout, stderr }: Pick<Child, 'stdout' | 'stderr'>): Gathered {
  let output = ''
  const take = async (stream: ReadableStream<Uint8Array>) => {
    const decoder = new TextDecoder()
    for await (const chunk of stream) output += decoder.decode(chunk, { stream: true })
  }
  return { text: () => output, done: Promise.all([take(stdout), take(stderr)]) }
}

/** Whether an address answers, and well. */
export const answersWell = (url: string): Promise<boolean> =>
  fetch(url, { signal: AbortSignal.timeout(1000) }).then(
    ({ ok }) => ok,
    () => false,
  )
