import { LISTENING } from '@channelling/http'
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
  /** Whether what answers at its address does its work. */
  isReady: () => Promise<boolean>
  /**
   * Whether it is a program of ours. Such a one says by a message that it listens, and until then whoever answers at its address is somebody
   * else; and it says with its last line why it cannot start.
   */
  ours?: boolean
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
  { name, command, environment, isReady, ours = false, tells = () => true }: Task,
  { line, remark }: Voices,
): Supervised {
  const ready = Promise.withResolvers<void>()
  // whoever waits for the start hears of it; the others need not
  ready.promise.catch(() => {})
  const stopping = new AbortController()
  let child = launch()
  const kept = keep()

  function launch() {
    const launched = { process: spawn(), listens: !ours, lastLine: '', said: Promise.resolve() }
    function spawn() {
      return Bun.spawn([...withItsParent, ...command], {
        env: environment,
        stdin: 'ignore',
        stdout: 'pipe',
        stderr: 'pipe',
        // Ctrl-C goes to whatever belongs to the terminal; when each one is to end is for us to say
        detached: true,
        ...(ours && { ipc: hear }),
      })
    }
    function hear(message: unknown) {
      if (message === LISTENING) launched.listens = true
    }
    async function pass(text: string) {
      if (!tells(text)) return
      launched.lastLine = text
      await line(`${name} | ${text}`)
    }
    const { stdout, stderr } = launched.process
    launched.said = Promise.all([eachLine(stdout, pass), eachLine(stderr, pass)]).then(() => {})
    return launched
  }

  async function keep(): Promise<void> {
    let failures = 0
    let wasReady = false
    for (;;) {
      const begun = performance.now()
      const running = child
      void untilReady(running).then((isUp) => {
        if (!isUp) return
        if (wasReady) remark(`${name} is back, as process ${running.process.pid}`)
        wasReady = true
        ready.resolve()
      })
      await running.process.exited
      if (stopping.signal.aborted) return
      const how = running.process.signalCode ?? `code ${running.process.exitCode}`
      if (!wasReady) {
        await running.said
        const why = ours && running.lastLine ? `: ${running.lastLine}` : ''
        return ready.reject(new CommandFailed(`${name} ended with ${how} before it was ready${why}`))
      }
      failures = performance.now() - begun > STEADY_MS ? 1 : failures + 1
      const rest = Math.min(REST_MS_MAX, REST_MS * 2 ** (failures - 1))
      remark(`${name} ended with ${how}; it is started again in ${rest / 1000} s`)
      await pause(rest, stopping.signal)
      if (stopping.signal.aborted) return
      child = launch()
    }
  }

  async function untilReady(running: typeof child): Promise<boolean> {
    while (isAlive(running.process)) {
      // it may have ended while somebody else answered
      if (running.listens && (await isReady()) && isAlive(running.process)) return true
      await Bun.sleep(ASK_EVERY_MS)
    }
    return false
  }

  return {
    name,
    pid: () => child.process.pid,
    ready: ready.promise,
    async stop() {
      stopping.abort()
      child.process.kill('SIGTERM')
      const timer = setTimeout(() => {
        remark(`${name} does not end and is killed`)
        child.process.kill('SIGKILL')
      }, END_MS_MAX)
      await kept
      clearTimeout(timer)
    },
  }
}

const isAlive = ({ exitCode, signalCode }: Bun.Subprocess) => exitCode === null && signalCode === null

async function eachLine(stream: ReadableStream<Uint8Array>, take: (text: string) => Promise<void>): Promise<void> {
  const decoder = new TextDecoder()
  let rest = ''
  for await (const chunk of stream) {
    const lines = (rest + decoder.decode(chunk, { stream: true })).split('\n')
    rest = lines.pop()!
    for (const text of lines) await take(text)
  }
  if (rest) await take(rest)
}

/** Where the system can, a process is told to end when this one is killed, so that none stays that nobody minds. */
const withItsParent = Bun.which('setpriv') ? ['setpriv', '--pdeathsig', 'TERM', '--'] : []
