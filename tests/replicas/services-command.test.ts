import { expect, setDefaultTimeout, test } from 'bun:test'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { isDurable, open } from '@channelling/schema'
import { aFolder, processesOf, processWith, startEverything } from '../support/everything'
import { claim, freePort } from '../support/port'
import { startServer } from '../support/server'

setDefaultTimeout(90_000)

const command = new URL('../../gateway/src/commands/services.ts', import.meta.url).pathname

test('one command starts everything; what is killed comes back, bookings go on, and nothing stays when it is stopped', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'everything-'))
  const everything = startEverything(folder, { args: ['--bookings', '2', '--gateway', '2'] })
  try {
    await everything.said(/Stop with Ctrl-C/)
    const [, url, key, body] = await everything.said(/curl -s -X POST (\S+) -H 'Finance: (\S+)'.* -d '(.*)'/)
    const [, other] = await everything.said(/gateway-2 +(\S+) /)
    const book = async (at: string) => {
      const headers = { finance: key!, 'content-type': 'application/json', 'idempotency-key': crypto.randomUUID() }
      const deadline = Date.now() + 20_000
      for (;;) {
        const answer = await fetch(at, { method: 'POST', headers, body: body! })
        // refused for the moment is no failure, and an idempotency key makes asking again safe
        if (![503, 409].includes(answer.status) || Date.now() > deadline) return answer.status
        await Bun.sleep(50)
      }
    }
    expect(await startEverything(folder).ended()).toContain('is in use by another process')

    const alsoAt = url!.replace(/^https?:\/\/[^/]+/, other!)
    expect(await Promise.all([book(url!), book(alsoAt)])).toEqual([201, 201])

    const words = readFileSync(`/proc/${processWith(folder, '--db-path')}/cmdline`, 'utf8').split('\0')
    const database = await open({ url: `http://${words[words.indexOf('--http-listen-addr') + 1]}` })
    expect(await isDurable(database)).toBe(true)
    await database.close()

    const servers: Record<string, string> = { database: '--db-path', nats: 'nats-server' }
    for (const name of [
      ...['catalogue-1', 'bookings-1', 'bookings-2', 'patients-1', 'notifications-1'],
      ...['nats', 'database', 'gateway-1'],
    ]) {
      const word = servers[name]
      process.kill(word ? processWith(folder, word) : await everything.pidOf(name), 'SIGKILL')
      await everything.said(new RegExp(`${name} ended with SIGKILL; it is started again in`))
      await everything.said(new RegExp(`${name} is back, as process \\d+`))
      expect(await book(name === 'gateway-1' ? url! : alsoAt)).toBe(201)
    }
  } finally {
    everything.child.kill('SIGTERM')
    await everything.child.exited
  }
  expect(everything.child.exitCode).toBe(0)
  expect(processesOf(folder)).toEqual([])
  rmSync(folder, { recursive: true })
})

test('what cannot be is one line, and leaves nothing behind', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'everything-'))
  const run = (environment: Record<string, string>, ...args: string[]) => {
    const { exitCode, stderr } = Bun.spawnSync([process.execPath, command, ...args], {
      env: { PATH: process.env.PATH, HOST: '127.0.0.1', DATA_DIR: folder, DEMO_DATA: 'off', ...environment },
      stdout: 'ignore',
    })
    return { exitCode, lines: stderr.toString().trimEnd().split('\n') }
  }
  expect(run({}, '--bookings', 'many')).toEqual({
    exitCode: 1,
    lines: ['These settings cannot be used:', expect.stringContaining('BOOKINGS_REPLICAS must be')],
  })
  expect(run({ DATABASE_URL: `file:${folder}/a.db` })).toMatchObject({
    exitCode: 2,
    lines: [expect.stringContaining('DATABASE_URL must be')],
  })
  rmSync(folder, { recursive: true })
})

/** Two ports that nothing listens on, the second after the first. */
function twoPorts(): [number, number] {
  for (;;) {
    const first = freePort()
    if (claim(first + 1)) return [first, first + 1]
  }
}

/** Somebody else's server, which finds everything well that it is asked, and tells which keys it was shown. */
function aStranger(port: number) {
  const keys: string[] = []
  const server = Bun.serve({
    hostname: '127.0.0.1',
    port,
    reusePort: false,
    fetch({ headers }) {
      const key = headers.get('finance')
      if (key) keys.push(key)
      return Response.json({ status: 'success', code: 200, data: [] })
    },
  })
  return { keysShown: () => keys, [Symbol.asyncDispose]: () => server.stop(true) }
}

/** Another hospital's API, which takes no key of ours. */
const anotherApi = async (port: number) => {
  const server = await startServer({ environment: { PORT: String(port) }, form: 'embedded' })
  return {
    keysShown: () => server.output().match(/key_unknown/g) ?? [],
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  }
}

test.each([
  ['a server that answers everything with 200', 0, aStranger],
  ['another channelling API', 0, anotherApi],
  ['a server on the port of the second gateway', 1, aStranger],
])(
  '%s is not taken for a gateway of its own: one line names the port, and no key is shown',
  async (_who, which, occupy) => {
    const folder = mkdtempSync(join(tmpdir(), 'everything-'))
    const ports = twoPorts()
    await using occupant = await occupy(ports[which]!)
    const child = Bun.spawn([process.execPath, command, '--gateway', '2'], {
      env: { PATH: process.env.PATH, HOST: '127.0.0.1', DATA_DIR: folder, DEMO_DATA: 'off', PORT: String(ports[0]) },
      stdout: 'pipe',
      stderr: 'pipe',
    })
    // one that takes a stranger for its own may go on for ever
    const timer = setTimeout(() => child.kill('SIGTERM'), 45_000)
    const [output, fault] = await Promise.all([new Response(child.stdout).text(), new Response(child.stderr).text()])
    clearTimeout(timer)
    expect({ code: await child.exited, fault: fault.trimEnd() }).toEqual({
      code: 1,
      fault: `gateway-${which + 1} ended with code 1 before it was ready: Port ${ports[which]} is taken: stop what uses it, or set PORT to another`,
    })
    expect(output).not.toContain('is up')
    expect(output).not.toContain('chk_live_')
    expect(occupant.keysShown()).toEqual([])
    expect(processesOf(folder)).toEqual([])
    rmSync(folder, { recursive: true })
  },
)

test('how many there are is said by the environment as by options, which go before it; and every line of a log has the name of its process', async () => {
  using folder = aFolder()
  await using everything = startEverything(folder.path, {
    args: ['--patients', '2'],
    environment: { BOOKINGS_REPLICAS: '2', GATEWAY_REPLICAS: '2', PATIENTS_REPLICAS: '3', LOG_LEVEL: 'info' },
  })
  await everything.said(/Stop with Ctrl-C/)
  everything.child.kill('SIGTERM')
  const lines = (await everything.ended()).split('\n')
  const names = ['catalogue-1', 'bookings-1', 'bookings-2', 'patients-1', 'patients-2', 'notifications-1']
  const gateways = ['gateway-1', 'gateway-2']
  const listed = lines.flatMap((line) => /^ {2}(\S+) +http\S+ +process \d+$/.exec(line)?.[1] ?? [])
  expect(listed).toEqual([...names, ...gateways])
  const listening = lines.flatMap((line) => /^(\S+) \| \{.*"msg":"listening"/.exec(line)?.[1] ?? [])
  expect(listening.toSorted()).toEqual([...names, ...gateways].toSorted())
  expect(lines.filter((line) => line.startsWith('{'))).toEqual([])
})

test('killed itself, it leaves nobody behind either', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'everything-'))
  const everything = startEverything(folder)
  await everything.said(/Stop with Ctrl-C/)
  expect(processesOf(folder).length).toBeGreaterThan(6)
  everything.child.kill('SIGKILL')
  const deadline = Date.now() + 20_000
  while (processesOf(folder).length > 0 && Date.now() < deadline) await Bun.sleep(50)
  expect(processesOf(folder)).toEqual([])
  rmSync(folder, { recursive: true })
})
