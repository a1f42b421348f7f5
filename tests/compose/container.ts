import { dirname } from 'node:path'
import { natsPath } from '../support/nats'
import { readOnlyBut } from '../support/own-mounts'
import { aProcess, type Process } from '../support/process'
import { sqldPath } from '../support/sqld'
import type { ComposedService } from './file'
import { type Place, placed } from './place'

/** How long it may take until its health check is content. */
const START_MS_MAX = 30_000
/** A health check is a process itself. */
const ASK_EVERY_MS = 50

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
export interface Container extends Process {
  url: string
  isHealthy: () => Promise<boolean>
}

export function container(name: string, url: string, { command, environment, cwd, isHealthy }: Runnable): Container {
  const started = { name, command, environment, cwd, isReady: isHealthy, askEveryMs: ASK_EVERY_MS }
  return Object.assign(
    aProcess(() => ({ ...started, startMsMax: START_MS_MAX })),
    { url, isHealthy },
  )
}

export async function untilHealthy(isHealthy: () => Promise<boolean>): Promise<void> {
  const deadline = Date.now() + START_MS_MAX
  while (!(await isHealthy())) {
    if (Date.now() > deadline) throw new Error('It did not get healthy in time')
    await Bun.sleep(ASK_EVERY_MS)
  }
}
