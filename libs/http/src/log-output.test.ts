import { afterEach, beforeEach, expect, test } from 'bun:test'
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createLog } from './log'
import { createLogOutput } from './log-output'

let folder: string
let path: string
let file: number
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'log-'))
  path = join(folder, 'log')
  file = openSync(path, 'a')
})
afterEach(() => {
  closeSync(file)
  rmSync(folder, { recursive: true })
})

const written = () => readFileSync(path, 'utf8')

/** Waits until it holds; what is written in the background is there soon. */
async function until(holds: () => boolean): Promise<void> {
  for (const deadline = Date.now() + 5_000; !holds(); await Bun.sleep(5)) {
    if (Date.now() > deadline) throw new Error('It does not come to hold')
  }
}

async function opened() {
  const output = createLogOutput(file)
  output.write('first\n')
  await until(() => written() === 'first\n')
  return output
}

test('a line that is not gathered arrives at once, and with it those that wait', async () => {
  const output = await opened()
  for (let line = 0; line < 5_000; line++) output.gather(`gathered ${line}\n`)
  output.write('last\n')
  await until(() => written().endsWith('last\n'))
  expect(written().split('\n')).toHaveLength(5_003)
  output.write('this is being written\n')
  output.write('when this comes\n')
  await until(() => written().endsWith('when this comes\n'))
})

test('gathered lines arrive within moments, whole and in order, although nothing follows', async () => {
  const output = await opened()
  const lines = Array.from({ length: 20_000 }, (_, line) => `${line} ${'x'.repeat(line % 300)}\n`)
  for (const line of lines) output.gather(line)
  await until(() => written().length === lines.join('').length + 'first\n'.length)
  expect(written()).toBe(`first\n${lines.join('')}`)
  output.gather('one more\n')
  await until(() => written().endsWith('one more\n'))
})

test('after a fatal line everything is written', async () => {
  const output = await opened()
  output.gather('gathered\n')
  createLog('info', 'test', output).fatal('it ends')
  expect(written()).toMatch(/^first\ngathered\n\{.*"msg":"it ends"\}\n$/)
})

/** A process that runs a text, with its output going to a command through a pipe; what is spawned here would be given a socket. */
const piped = (text: string, reader: string) =>
  Bun.spawn(['sh', '-c', `"$0" -e "$1" | ${reader}`, process.execPath, text], { stdout: 'pipe', stderr: 'pipe' })

/** A process that logs in one way and ends in another. */
const ending = (how: string) => `
  const { createLog, standardOutput } = await import('${import.meta.dir}/index.ts')
  createLog('info', 'test').info('begins')
  for (let line = 0; line < 1000; line++) standardOutput().gather('gathered ' + line + '\\n')
  ${how}`

test.each([
  ['by itself', ''],
  ['by process.exit', 'process.exit(70)'],
  ['by an error', "throw new Error('a fault')"],
  ['by an error that nobody caught', "setTimeout(() => { throw new Error('a fault') }, 1)"],
  ['by a rejection that nobody caught', "void Promise.reject(new Error('a fault'))"],
])('a process that ends %s has written every line', async (_name, how) => {
  const child = piped(ending(how), 'cat')
  const lines = (await new Response(child.stdout).text()).split('\n')
  expect(lines).toHaveLength(1_002)
  expect(lines.at(-2)).toBe('gathered 999')
})

test.each(['>', '>>'])(
  'of a process that writes all it has to say into one file by %s, nothing is overwritten',
  async (into) => {
    const source = `
    const { createLogOutput } = await import('${import.meta.dir}/log-output.ts')
    const output = createLogOutput(1)
    for (let line = 0; line < 100; line++) {
      output.write('logged ' + line + '\\n')
      process.stderr.write('remarked ' + line + ', which is a longer line\\n')
    }`
    const child = Bun.spawn(['sh', '-c', `"$0" -e "$1" ${into} "$2" 2>&1`, process.execPath, source, path])
    expect(await child.exited).toBe(0)
    const lines = Array.from({ length: 100 }, (_, line) => [
      `logged ${line}`,
      `remarked ${line}, which is a longer line`,
    ])
    expect(written()).toBe(`${lines.flat().join('\n')}\n`)
  },
)

test('a reader who stops reading costs lines, which are counted, and holds nobody up', async () => {
  const child = piped(
    `const { createLogOutput } = await import('${import.meta.dir}/index.ts')
     const output = createLogOutput(1)
     const line = 'x'.repeat(1023) + '\\n'
     for (let megabyte = 0; megabyte < 32; megabyte++) {
       for (let kilobyte = 0; kilobyte < 1024; kilobyte++) output.gather(line)
       await Bun.sleep(1)
     }
     process.stderr.write(String(output.dropped()))
     process.kill(process.pid, 'SIGKILL')`,
    'sleep 3',
  )
  // the shell adds that it was killed
  const dropped = Number.parseInt(await new Response(child.stderr).text(), 10)
  // of 32 MiB no more than 8 may wait; the pipe and this process take some
  expect(dropped).toBeGreaterThan(10_000)
})

test.each(['pipe', 'socket'])(
  'a process whose log nobody reads any more goes on, and ends when it is told to: %s',
  async (kind) => {
    const source = `
    const { createLogOutput } = await import(${JSON.stringify(new URL('./log-output.ts', import.meta.url).pathname)})
    const output = createLogOutput(1)
    setInterval(() => { output.write('a line\\n'); output.gather('another\\n') }, 5)
    process.on('SIGTERM', () => { process.stderr.write(String(output.dropped() > 0)); process.exit(0) })
  `
    const command = [process.execPath, '-e', source]
    // a shell connects by a pipe, Bun by a socket; the reader takes one line and goes
    const piped = ['bash', '-c', '{ "$@" & echo $! >&2; wait $!; echo " $?" >&2; } | head -1', 'bash', ...command]
    const child = Bun.spawn(kind === 'pipe' ? piped : command, { stdout: 'pipe', stderr: 'pipe' })
    let said = ''
    const heard = (async () => {
      for await (const chunk of child.stderr) said += new TextDecoder().decode(chunk)
    })()
    const reader = child.stdout.getReader()
    await reader.read()
    await reader.cancel()
    if (kind === 'pipe') await until(() => /^\d+\n/.test(said))
    const pid = kind === 'pipe' ? Number.parseInt(said, 10) : child.pid
    // it writes on while nobody is there
    await Bun.sleep(300)
    process.kill(pid, 'SIGTERM')
    const ended = await Promise.race([child.exited, Bun.sleep(5_000)])
    try {
      process.kill(pid, 'SIGKILL')
    } catch {
      // it has ended
    }
    await heard
    expect(ended).toBe(0)
    expect(said.replace(/^\d+\n/, '')).toBe(kind === 'pipe' ? 'true 0\n' : 'true')
  },
)
