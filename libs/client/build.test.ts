import { afterAll, beforeAll, expect, test } from 'bun:test'
import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { eventTypes } from '@channelling/contract'
import { build } from './build'
import type { EventType } from './src'
import { startFakeServer, until } from './src/testing'

/** A project of somebody else, with what is published as one of its packages. */
let project: string
beforeAll(async () => {
  project = mkdtempSync(join(tmpdir(), 'client-'))
  const installed = join(project, 'node_modules/@channelling/client')
  await build(join(installed, 'dist'))
  mkdirSync(installed, { recursive: true })
  for (const name of ['package.json', 'README.md', 'src']) {
    cpSync(join(import.meta.dir, name), join(installed, name), { recursive: true })
  }
  writeFileSync(join(project, 'package.json'), '{ "type": "module" }')
  writeFileSync(
    join(project, 'listen.mjs'),
    `import { subscribe } from '@channelling/client'
const subscription = subscribe({
  url: process.argv[2],
  key: 'chk_live_test',
  from: 'one:0',
  onEvent({ seq }) {
    console.log(seq)
    if (seq === 3) subscription.close()
  },
})
console.log((await subscription.closed).why, subscription.position())
`,
  )
})
afterAll(() => rmSync(project, { recursive: true }))

const runtimes: [name: string, command: string[]][] = [['Bun', [process.execPath]]]
// before Node 22 the flag is what brings its WebSocket
if (Bun.which('node')) runtimes.push(['Node', ['node', '--experimental-websocket', '--no-warnings']])

for (const [name, command] of runtimes) {
  test(`what is built runs under ${name}, and leaves nothing running`, async () => {
    await using server = startFakeServer()
    server.happen(2)
    const child = Bun.spawn([...command, 'listen.mjs', server.url], { cwd: project, stdout: 'pipe', stderr: 'inherit' })
    await until(() => server.sockets.size === 1, 10_000)
    expect(server.handshakes[0]!.headers.get('finance')).toBe('chk_live_test')
    server.cut()
    server.happen(1)
    expect(await new Response(child.stdout).text()).toBe('1\n2\n3\nasked one:3\n')
    expect(await child.exited).toBe(0)
  }, 20_000)
}

test('what is built imports nothing', async () => {
  const text = await Bun.file(`${project}/node_modules/@channelling/client/dist/index.js`).text()
  expect(new Bun.Transpiler().scanImports(text)).toEqual([])
})

test('its types are found as Node and as bundlers find types, without those of Bun', () => {
  writeFileSync(
    join(project, 'typed.ts'),
    `import { type ChannellingEvent, type Ending, subscribe } from '@channelling/client'
const subscription = subscribe({
  url: 'https://hospital.example',
  ticket: async () => 'ticket',
  onEvent: async (event: ChannellingEvent) => {
    if (event.type === 'booking.completed') return event.sessionId.toFixed()
  },
})
export const ending: Promise<Ending> = subscription.closed
// @ts-expect-error a key or a ticket, not both
subscribe({ url: 'https://hospital.example', key: 'k', ticket: async () => 't', onEvent() {} })
// @ts-expect-error there is nothing to be handed to
subscribe({ url: 'https://hospital.example', key: 'k' })
`,
  )
  for (const module of ['nodenext', 'preserve']) {
    const check = Bun.spawnSync(
      [
        ...[join(import.meta.dir, 'node_modules/.bin/tsc'), '--noEmit', '--strict', '--target', 'es2022'],
        ...['--lib', 'es2022,dom', '--module', module, 'typed.ts'],
      ],
      { cwd: project },
    )
    expect([module, check.stdout.toString()]).toEqual([module, ''])
  }
})

test('its types of events are those of the server', () => {
  type Same<A, B> = [A, B] extends [B, A] ? true : false
  const same: Same<EventType, (typeof eventTypes)[number]> = true
  expect(same).toBe(true)
})
