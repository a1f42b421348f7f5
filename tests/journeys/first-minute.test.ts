import { afterAll, expect, setDefaultTimeout, test } from 'bun:test'
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { networkInterfaces, tmpdir } from 'node:os'
import { join } from 'node:path'
import { contractOf } from '../support/contract'
import { freePort } from '../support/port'
import { startServer } from '../support/server'
import { subscribe } from '../support/socket'

setDefaultTimeout(120_000)

const root = new URL('../..', import.meta.url).pathname
const folders: string[] = []
afterAll(() => {
  for (const folder of folders) rmSync(folder, { recursive: true, force: true })
})

function aFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'first-minute-'))
  folders.push(folder)
  return folder
}

function run(script: string, environment: Record<string, string>, args: string[] = []) {
  return Bun.spawn([process.execPath, join(root, 'gateway/src', script), ...args], {
    env: { PATH: process.env.PATH, HOST: '127.0.0.1', PORT: '0', ...environment },
    stdout: 'pipe',
    stderr: 'pipe',
  })
}

/** Starts as `run up` does, and gives all that it says until it is done with saying. */
async function up(environment: Record<string, string>) {
  const child = run('commands/up.ts', environment)
  let said = ''
  for await (const chunk of child.stdout) {
    said += new TextDecoder().decode(chunk)
    if (said.includes('Stop with Ctrl-C')) break
  }
  return {
    said,
    async stop() {
      child.kill('SIGINT')
      return child.exited
    },
  }
}

/** What a start that cannot be says, and the code it leaves with. */
async function refused(environment: Record<string, string>) {
  const child = run('main.ts', environment)
  const [lines, code] = await Promise.all([new Response(child.stderr).text(), child.exited])
  return { lines: lines.trim().split('\n'), code }
}

test('the first start says where everything is and gives a key and a curl that books; a screen hears of it; later starts keep the data', async () => {
  const DATA_DIR = join(aFolder(), "its owner's data")
  const first = await up({ DATA_DIR })
  const url = /API +(\S+)\/api/.exec(first.said)![1]!
  const key = /chk_live_\w{36}/.exec(first.said)![0]
  const curl = /^ +(curl .*)$/m.exec(first.said)![1]!
  expect(first.said).toContain(`${url}/docs`)
  expect((await fetch(`${url}/docs`)).status).toBe(200)

  const screen = await subscribe({ url, key, contract: await contractOf(url) })
  const session = /"sessionInstanceId":(\d+)/.exec(curl)![1]!
  const offered = await fetch(`${url}/api/channel/sessions/${session}`, { headers: { finance: key } })
  const { data: shown } = (await offered.json()) as { data: { nextNumber: number } }
  const answer = JSON.parse(await new Response(Bun.spawn(['sh', '-c', curl], { stdout: 'pipe' }).stdout).text())
  expect(answer).toMatchObject({ status: 'success', code: 201, data: { number: shown.nextNumber, status: 'ACTIVE' } })
  expect(await screen.got(1)).toEqual([`Online Booking Completed - ${answer.data.sessionId}`])
  screen.close()
  expect(await first.stop()).toBe(0)

  const later = await up({ DATA_DIR })
  expect(later.said).not.toContain('chk_live_')
  const issue = /^ +(.*run keys issue .*)$/m.exec(later.said)![1]!
  const again = /API +(\S+)\/api/.exec(later.said)![1]!
  const kept = await fetch(`${again}/api/channel/bookings/${answer.data.id}`, { headers: { finance: key } })
  expect(((await kept.json()) as typeof answer).data).toEqual(answer.data)
  // as it stands there it gives a key of this very server
  const ran = Bun.spawn(['sh', '-c', issue.replace('npx -y bun@1.4.5', process.execPath)], {
    cwd: root,
    env: { PATH: process.env.PATH },
    stdout: 'pipe',
    stderr: 'ignore',
  })
  const another = (await new Response(ran.stdout).text()).trim()
  expect((await fetch(`${again}/api/channel/sessions`, { headers: { finance: another } })).status).toBe(200)
  expect(await later.stop()).toBe(0)
})

test.each(['0.0.0.0', 'localhost'])(
  'its first key is shown to nobody who has the same port of the other protocol, HOST=%s',
  async (HOST) => {
    const shown: string[] = []
    const asked = ({ headers }: Request) => {
      shown.push(headers.get('finance') ?? 'nothing')
      return Response.json({ status: 'success', code: 200, data: [] })
    }
    // on a machine without IPv6 there is nobody to be taken for it
    const stranger = hasIpv6 && Bun.serve({ hostname: '::1', port: freePort(), reusePort: false, fetch: asked })
    try {
      const first = await up({ DATA_DIR: aFolder(), HOST, PORT: String(stranger ? stranger.port : 0) })
      const at = /API +(\S+)\/api/.exec(first.said)![1]!
      const { status } = await fetch(`${at}/health/ready`)
      expect(await first.stop()).toBe(0)
      expect({ shown, status }).toEqual({ shown: [], status: 200 })
      expect(first.said).toContain(`curl -s -X POST ${at}/api/channel/bookings`)
    } finally {
      if (stranger) await stranger.stop(true)
    }
  },
)

const hasIpv6 = Object.values(networkInterfaces()).some((all) => all?.some(({ address }) => address === '::1'))

test('a start that cannot be is told in a line, with exit code 1', async () => {
  await using server = await startServer()
  const file = join(aFolder(), 'a-file')
  writeFileSync(file, '')
  const taken = await refused({ DATA_DIR: aFolder(), PORT: String(server.port) })
  expect(taken).toEqual({ lines: [expect.stringContaining(`Port ${server.port} is taken`)], code: 1 })
  const held = await refused({ DATA_DIR: server.dataDir })
  expect(held).toEqual({ lines: [expect.stringContaining('in use by another process')], code: 1 })
  const notAFolder = await refused({ DATA_DIR: file })
  expect(notAFolder).toEqual({ lines: [expect.stringContaining('not a folder')], code: 1 })
  const unwritable = await refused({ DATA_DIR: '/proc/channelling' })
  expect(unwritable).toEqual({ lines: [expect.stringContaining('set DATA_DIR')], code: 1 })
  for (const HOST of ['999.1.1.1', '198.51.100.1', 'nobody.invalid']) {
    const nowhere = await refused({ DATA_DIR: aFolder(), HOST })
    expect(nowhere).toEqual({ lines: [expect.stringContaining('HOST is no address of this machine')], code: 1 })
  }
  const settings = await refused({ DATA_DIR: aFolder(), PORT: 'eighty', CURRENCY: 'rupees' })
  expect(settings.code).toBe(1)
  expect(settings.lines.slice(1).map((line) => line.trim().split(' ')[0])).toEqual(['PORT', 'CURRENCY'])
})

const TAKES_NONE = /^It takes no arguments: settings are variables of the environment \(docs\/settings\.md\)\n$/
const bookings = '../../services/bookings/src/main.ts'

test.each([
  ['commands/up.ts', ['--help'], 0, /^Usage: bun run up\n/, /^$/],
  ['commands/up.ts', ['--port', '80'], 2, /^$/, /^Unknown option '--port' \(see --help\)\n$/],
  ['main.ts', ['--help'], 0, TAKES_NONE, /^$/],
  ['main.ts', ['--port', '80'], 2, /^$/, TAKES_NONE],
  ['main.ts', ['help'], 2, /^$/, TAKES_NONE],
  [bookings, ['-h'], 0, TAKES_NONE, /^$/],
  [bookings, ['--port=80'], 2, /^$/, TAKES_NONE],
])('whoever starts %s with %j is told how, and nothing is started', async (script, args, code, said, fault) => {
  const DATA_DIR = join(aFolder(), 'data')
  const child = run(script, { DATA_DIR, INTERNAL_SECRET: 'known to all of them' }, args)
  // one that starts all the same goes on for ever
  const timer = setTimeout(() => child.kill(), 20_000)
  expect(await child.exited).toBe(code)
  clearTimeout(timer)
  expect(await new Response(child.stdout).text()).toMatch(said)
  expect(await new Response(child.stderr).text()).toMatch(fault)
  expect(existsSync(DATA_DIR)).toBe(false)
})

test('whatever is wrong with the settings is told together, before anything is made', async () => {
  const DATA_DIR = join(aFolder(), 'data')
  const file = join(aFolder(), 'a-file')
  writeFileSync(file, '')
  const more = await refused({ DATA_DIR, PORT: 'eighty', BOOTSTRAP_KEY: 'abc', TLS_CERT: '/none.pem', TLS_KEY: file })
  expect(more).toEqual({
    lines: [
      'These settings cannot be used:',
      expect.stringContaining('PORT must be'),
      '  BOOTSTRAP_KEY must be a whole key: chk_live_ and 36 characters, the last six its checksum',
      '  TLS_CERT cannot be read: it must be the path of a PEM file',
      '  TLS_KEY is not a PEM file',
    ],
    code: 1,
  })
  expect(existsSync(DATA_DIR)).toBe(false)
})
