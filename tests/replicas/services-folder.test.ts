import { expect, setDefaultTimeout, test } from 'bun:test'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { command } from '../support/command'
import { aFolder, startEverything } from '../support/everything'

setDefaultTimeout(120_000)

const main = new URL('../../gateway/src/main.ts', import.meta.url).pathname

const issue = ['issue', '--client', 'Beside', '--scopes', 'catalogue:read']

const sessionsWith = (url: string, key: string) =>
  fetch(`${url}/api/channel/sessions?size=1`, { headers: { finance: key } }).then(({ status }) => status)

/** What a start that is to be refused says, and the code it leaves with. */
async function refused(folder: string, script: string) {
  const child = Bun.spawn([process.execPath, script], {
    env: { PATH: process.env.PATH, HOST: '127.0.0.1', PORT: '0', DATA_DIR: folder },
    stdout: 'ignore',
    stderr: 'pipe',
  })
  // one that is not refused serves for ever
  const timer = setTimeout(() => child.kill('SIGTERM'), 20_000)
  const [lines, code] = await Promise.all([new Response(child.stderr).text(), child.exited])
  clearTimeout(timer)
  return { code, lines: lines.trimEnd().split('\n') }
}

const commandsFolder = new URL('../../gateway/src/commands/', import.meta.url).pathname

test('commands beside `run services` go to whichever of its gateways answers, and never to a file that nobody reads', async () => {
  using folder = aFolder()
  const DATA_DIR = folder.path
  const file = join(DATA_DIR, 'channelling.db')
  await using everything = startEverything(DATA_DIR, { args: ['--gateway', '2'] })
  await everything.said(/Stop with Ctrl-C/)
  const [, second] = await everything.said(/gateway-2 +(\S+) /)
  const pids = [await everything.pidOf('gateway-1'), await everything.pidOf('gateway-2')] as const
  const made = await command('backup', ['--to', join(DATA_DIR, 'one.db')], { DATA_DIR })
  expect(made.code).toBe(0)

  // of two gateways one hangs: the other is asked
  process.kill(pids[0], 'SIGSTOP')
  const issued = await command('keys', issue, { DATA_DIR })
  expect({ code: issued.code, file: existsSync(file) }).toEqual({ code: 0, file: false })
  expect(await sessionsWith(second!, issued.out)).toBe(200)

  // none answers: every command says so, and nothing is made
  process.kill(pids[1], 'SIGSTOP')
  const from = made.out
  for (const [name, args, what] of [
    ['keys', issue, 'does not answer'],
    ['keys', ['retire', '1'], 'does not answer'],
    ['backup', ['--to', join(DATA_DIR, 'two.db')], 'does not answer'],
    ['restore', ['--from', from], 'in use by another process'],
    ['db', ['copy', '--from', `file:${from}.none`, '--to', `file:${file}`], 'in use by another process'],
  ] as const) {
    const { code, out, err } = await command(name, [...args], { DATA_DIR })
    expect({ name, code, out, err }).toEqual({ name, code: 1, out: '', err: expect.stringContaining(what) })
    expect(err).not.toContain('\n')
  }
  expect([existsSync(file), existsSync(join(DATA_DIR, 'two.db'))]).toEqual([false, false])

  // nor is it where they are started again: killed, they are away for a moment
  for (const pid of pids) process.kill(pid, 'SIGKILL')
  const waited = await command('keys', ['list'], { DATA_DIR })
  expect(waited.code === 0 || waited.err.includes('does not answer')).toBe(true)
  expect(existsSync(file)).toBe(false)
  await everything.said(/gateway-1 is back/)
  expect((await command('keys', ['list'], { DATA_DIR })).out).toContain('Beside')
})

test('no server starts in the folder of `run services`, and what was there goes on', async () => {
  using folder = aFolder()
  await using everything = startEverything(folder.path)
  await everything.said(/Stop with Ctrl-C/)
  for (const script of [main, join(commandsFolder, 'up.ts')]) {
    expect(await refused(folder.path, script)).toEqual({
      code: 1,
      lines: [expect.stringMatching(/in use by another process, `run services`.*stop that one, or set DATA_DIR/)],
    })
  }
  expect((await command('keys', ['list'], { DATA_DIR: folder.path })).out).toContain('First client')
})

test('`run services` does not start in the folder of a running server, and that one goes on', async () => {
  using folder = aFolder()
  await using server = startEverything(folder.path, { command: 'up' })
  await server.said(/Stop with Ctrl-C/)
  expect(await refused(folder.path, join(commandsFolder, 'services.ts'))).toEqual({
    code: 1,
    lines: [expect.stringMatching(/in use by another process, `run up`.*stop that one, or set DATA_DIR/)],
  })
  expect((await command('keys', ['list'], { DATA_DIR: folder.path })).out).toContain('First client')
  expect(existsSync(join(folder.path, 'sqld'))).toBe(false)
})
