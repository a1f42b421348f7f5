import { pause } from '@channelling/schema'
import { CommandFailed } from '../commands/command'

/** How long a process rests that ended by itself; twice as long each time, until it has run for a while. */
const REST_MS = 250
const REST_MS_MAX = 10_000
const STEADY_MS = 10_000
/** How long one that is told to end may take, before it is killed. */
const END_MS_MAX = 20_000
const ASK_EVERY_MS = 100

/** A process that is to run. */
export interface Task {
  /** As its lines begin: `bookings-2`. */
  name: string
  command: readonly string[]
  environment: Record<string, string | undefined>
  /** Whether it does its work. */
  isReady: () => Promise<boolean>
  /** Which of its lines are passed on; all, unless it says. */
  tells?: (text: string) => boolean
}

/** A process that is kept running. */
export interface Supervised {
  name: string
  /** Of the process that runs at present. */
  pid(): number
  /** Resolves when it does its work. @throws CommandFailed where it ended before */
  ready: Promise<void>
  /** Tells it to end, and resolves when it has. */
  stop(): Promise<void>
}

export interface Voices {
  /** Takes what a process wrote, line by line, with its name; whoever waits for it holds the process back. */
  line: (text: string) => Promise<void>
  /** Takes what happens to processes. */
  remark: (text: string) => void
}

/** Starts a process, starts it again whenever it ends, and never gives that up. */
export function supervise(
  { name, command, environment, isReady, tells = () => true }: Task,
  { line, remark }: Voices,
): Supervised {
  const ready = Promise.withResolvers<void>()
  // whoever waits for the start hears of it; the others need not
  ready.promise.catch(() => {})
  const stopping = new AbortController()
  let child = launch()
  const kept = keep()

  function launch() {
    const started = Bun.spawn([...withItsParent, ...command], {
      env: environment,
      stdin: 'ignore',
      stdout: 'pipe',
      stderr: 'pipe',
      // Ctrl-C goes to whatever belongs to the terminal; when each one is to end is for us to say
      detached: true,
    })
    for (const stream of [started.stdout, started.stderr]) void prefix(stream)
    return started
  }

  async function prefix(stream: ReadableStream<Uint8Array>): Promise<void> {
    const decoder = new TextDecoder()
    let rest = ''
    for await (const chunk of stream) {
      const lines = (rest + decoder.decode(chunk, { stream: true })).split('\n')
      rest = lines.pop()!
      for (const text of lines) if (tells(text)) await line(`${name} | ${text}`)
    }
    if (rest) await line(`${name} | ${rest}`)
  }

  async function keep(): Promise<void> {
    let failures = 0
    let wasReady = false
    for (;;) {
      const begun = performance.now()
      const running = child
      void untilReady(running).then((isUp) => {
        if (!isUp) return
        if (wasReady) remark(`${name} is back, as process ${running.pid}`)
        wasReady = true
        ready.resolve()
      })
      await running.exited
      if (stopping.signal.aborted) return
      const how = running.signalCode ?? `code ${running.exitCode}`
      if (!wasReady) return ready.reject(new CommandFailed(`${name} ended with ${how} before it was ready`))
      failures = performance.now() - begun > STEADY_MS ? 1 : failures + 1
      const rest = Math.min(REST_MS_MAX, REST_MS * 2 ** (failures - 1))
      remark(`${name} ended with ${how}; it is started again in ${rest / 1000} s`)
      await pause(rest, stopping.signal)
      if (stopping.signal.aborted) return
      child = launch()
    }
  }

  async function untilReady(running: typeof child): Promise<boolean> {
    while (running.exitCode === null && running.signalCode === null) {
      if (await isReady()) return true
      await Bun.sleep(ASK_EVERY_MS)
    }
    return false
  }

  return {
    name,
    pid: () => child.pid,
    ready: ready.promise,
    async stop() {
      stopping.abort()
      child.kill('SIGTERM')
      const timer = setTimeout(() => {
        remark(`${name} does not end and is killed`)
        child.kill('SIGKILL')
      }, END_MS_MAX)
      await kept
      clearTimeout(timer)
    },
  }
}

/** Where the system can, a process is told to end when this one is killed, so that none stays that nobody minds. */
const withItsParent = Bun.which('setpriv') ? ['setpriv', '--pdeathsig', 'TERM', '--'] : []
