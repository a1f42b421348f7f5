import { dirname } from 'node:path'
import { natsPath } from '../support/nats'
import { readOnlyBut } from '../support/own-mounts'
import type { ServiceProcess } from '../support/services'
import { sqldPath } from '../support/sqld'
import type { ComposedService } from './file'
import { type Place, placed } from './place'

/** How long it may take until its health check is content. */
const START_MS_MAX = 30_000

const root = new URL('../..', import.meta.url).pathname

/** Where the programs are that the file's images bring; others are found in the PATH. */
const programs: Record<string, () => string | undefined> = {
  bun: () => process.execPath,
  '/bin/sqld': sqldPath,
  'nats-server': natsPath,
}

/** What the file says to run, as it is run on this machine. */
export interface Runnable {
  command: string[]
  environment: Record<string, string>
  /** Where the image's files are. */
  cwd: string
  /** Whether the health check of the file is content; its exit code is all that counts. */
  isHealthy: () => Promise<boolean>
}

export interface RunnableOptions {
  service: ComposedService
  place: Place
  /** What the image adds to the environment. */
  imageEnvironment?: Record<string, string>
  cwd?: string
  /** Whether nothing but its volumes can be written, as the file says. */
  readOnly?: boolean
}

export function runnable({
  service,
  place,
  imageEnvironment = {},
  cwd = root,
  readOnly = false,
}: RunnableOptions): Runnable {
  const [program, ...rest] = [...(service.entrypoint ?? []), ...service.command]
  const environment = {
    PATH: `${dirname(process.execPath)}:${process.env.PATH}`,
    // containers have an address of their own, which nobody else reaches
    ...(service.build && { HOST: '127.0.0.1' }),
    ...Object.fromEntries(
      Object.entries({ ...(service.build && imageEnvironment), ...service.environment }).map(([name, value]) => [
        name,
        placed(value, place),
      ]),
    ),
  }
  const here = (words: string[]) => words.map((word) => placed(word, place))
  const [kind, checker, ...asked] = service.healthcheck.test
  if (kind !== 'CMD') throw new Error('A health check is a command here')
  return {
    command: [...(readOnly ? readOnlyBut([...place.folders.values()]) : []), pathOf(program!), ...here(rest)],
    environment,
    cwd,
    isHealthy: async () =>
      (await Bun.spawn([pathOf(checker!), ...here(asked)], {
        cwd,
        env: environment,
        stdout: 'ignore',
        stderr: 'ignore',
      }).exited) === 0,
  }
}

function pathOf(program: string): string {
  const path = program in programs ? programs[program]!() : Bun.which(program)
  if (!path)
    throw new Error(`There is no ${program} on this machine: bun tests/prepare.ts installs what there has to be`)
  return path
}

/** A process in place of a container. */
export interface Container extends ServiceProcess {
  isHealthy: () => Promise<boolean>
}

export function container(name: string, url: string, { command, environment, cwd, isHealthy }: Runnable): Container {
  let child: Bun.Subprocess<'ignore', 'pipe', 'pipe'> | undefined
  let output = ''
  const gather = async (stream: ReadableStream<Uint8Array>) => {
    const decoder = new TextDecoder()
    for await (const chunk of stream) output += decoder.decode(chunk, { stream: true })
  }
  const end = async (signal: 'SIGTERM' | 'SIGKILL') => {
    child?.kill(signal)
    await child?.exited
  }
  return {
    url,
    isHealthy,
    get pid() {
      return child!.pid
    },
    output: () => output,
    stop: () => end('SIGTERM'),
    kill: () => end('SIGKILL'),
    hang: () => process.kill(child!.pid, 'SIGSTOP'),
    resume: () => process.kill(child!.pid, 'SIGCONT'),
    async start() {
      const started = Bun.spawn(command, { cwd, env: environment, stdout: 'pipe', stderr: 'pipe' })
      child = started
      void gather(started.stdout)
      void gather(started.stderr)
      await untilHealthy(isHealthy, () => {
        if (started.exitCode !== null) throw new Error(`${name} ended with ${started.exitCode}: ${output}`)
      })
    },
  }
}

/** @param look throws where it makes no sense to wait any longer */
export async function untilHealthy(isHealthy: () => Promise<boolean>, look: () => void = () => {}): Promise<void> {
  const deadline = Date.now() + START_MS_MAX
  while (!(await isHealthy())) {
    look()
    if (Date.now() > deadline) throw new Error('It did not get healthy in time')
    await Bun.sleep(50)
  }
}
