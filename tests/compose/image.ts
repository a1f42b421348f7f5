import { copyFileSync, mkdirSync } from 'node:fs'
import { dirname, join } from 'node:path'

const root = new URL('../..', import.meta.url).pathname

export interface Instruction {
  name: string
  text: string
}

/** The instructions of a Dockerfile, a line each. */
export function instructionsOf(text: string): Instruction[] {
  const lines = text
    .split('\n')
    .filter((line) => !/^\s*#/.test(line))
    .join('\n')
    .replace(/\\\n\s*/g, '')
    .split('\n')
    .filter((line) => line.trim() !== '')
  return lines.map((line) => {
    const [, name, rest] = /^([A-Z]+)\s+(.*)$/.exec(line) ?? []
    if (!name) throw new Error(`This is no instruction: ${line}`)
    return { name, text: rest! }
  })
}

/** Its stages, each of which begins with FROM. */
export function stagesOf(text: string): Instruction[][] {
  const stages: Instruction[][] = []
  for (const instruction of instructionsOf(text)) {
    if (instruction.name === 'FROM') stages.push([])
    stages.at(-1)!.push(instruction)
  }
  return stages
}

const dockerfile = () => Bun.file(join(root, 'Dockerfile')).text()

/** What the image puts into the environment of whatever runs in it. */
export async function imageEnvironment(): Promise<Record<string, string>> {
  const last = stagesOf(await dockerfile()).at(-1)!
  return Object.fromEntries(
    last
      .filter(({ name }) => name === 'ENV')
      .flatMap(({ text }) => text.split(/\s+/).map((one) => one.split(/=(.*)/).slice(0, 2) as [string, string])),
  )
}

/** Whether a file of the checkout is sent to a build: the last pattern that matches it, or a folder above it, decides. */
export function isSent(path: string, ignore: string): boolean {
  let sent = true
  const above = path.split('/').map((_, at, parts) => parts.slice(0, at + 1).join('/'))
  for (const line of ignore.split('\n')) {
    if (line.trim() === '' || line.startsWith('#')) continue
    const again = line.startsWith('!')
    const pattern = new Bun.Glob(again ? line.slice(1) : line)
    if (above.some((one) => pattern.match(one))) sent = again
  }
  return sent
}

/**
 * Does in a folder what the Dockerfile's first stage does in its own: the files that are sent, and the commands as they stand. The
 * second stage takes that folder whole.
 */
export async function buildImage(folder: string): Promise<void> {
  const [first, last, ...more] = stagesOf(await dockerfile())
  const copied = last!.filter(({ name }) => name === 'COPY').map(({ text }) => text)
  if (more.length > 0 || copied.join() !== '--from=install /app .')
    throw new Error('Not the stages that are known here')
  for (const { name, text } of first!) {
    if (name === 'COPY' && text === '. .') await send(folder)
    else if (name === 'RUN') run(text.replace(/^--mount=\S+\s+/, ''), folder)
    else if (!['FROM', 'WORKDIR'].includes(name)) throw new Error(`${name} ${text} is not known here`)
  }
}

/** Copies what git has or would take, as far as .dockerignore lets it through. */
async function send(folder: string): Promise<void> {
  const ignore = await Bun.file(join(root, '.dockerignore')).text()
  const listed = Bun.spawnSync(['git', 'ls-files', '-z', '--cached', '--others', '--exclude-standard'], { cwd: root })
  const there = listed.stdout.toString().split('\0')
  for (const path of there.filter((one) => one !== '' && isSent(one, ignore))) {
    if (!(await Bun.file(join(root, path)).exists())) continue
    mkdirSync(dirname(join(folder, path)), { recursive: true })
    copyFileSync(join(root, path), join(folder, path))
  }
}

function run(command: string, cwd: string): void {
  const env = { ...process.env, PATH: `${dirname(process.execPath)}:${process.env.PATH}` }
  const { exitCode, stderr } = Bun.spawnSync(['sh', '-c', command], { cwd, env })
  if (exitCode !== 0) throw new Error(`${command} ended with ${exitCode}: ${stderr}`)
}
