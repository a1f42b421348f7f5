import { afterEach, beforeEach, expect, setDefaultTimeout, test } from 'bun:test'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { isWellFormed } from '@channelling/access'
import { createCalendar, MINUTE_MS } from '@channelling/contract'
import { aDataFolder, run, startServer } from './testing'

// each command is a process of its own, and some tests run twenty at once
setDefaultTimeout(120_000)

let folder: ReturnType<typeof aDataFolder>
beforeEach(() => {
  folder = aDataFolder()
})
afterEach(() => folder.remove())

const keys = (...args: string[]) => run('keys', folder.dataDir, ...args)
const issued = async (...args: string[]) => (await keys('issue', ...args)).out

for (const beside of ['without a server', 'beside a server']) {
  test(`${beside}: issue shows a key once, alone on the output, and list shows it without giving it away`, async () => {
    const server = beside === 'beside a server' ? await startServer(folder.dataDir) : null
    const first = await keys('issue', '--client', 'City Agent', '--scopes', 'bookings:read, bookings:write')
    expect(first.code).toBe(0)
    expect(isWellFormed(first.out)).toBe(true)
    expect(first.err).toMatch(/^Key 1 of City Agent, until .* shown this once:$/)
    const list = await keys('list')
    const [head, row] = list.out.split('\n')
    expect(head).toMatch(/^id +client +key +state +expires +last used +scopes$/)
    expect(row).toContain(`${first.out.slice(0, 13)}…${first.out.slice(-4)}`)
    expect(row).toMatch(/^1 +City Agent .* working .* never +bookings:read,bookings:write$/)
    expect(list.out).not.toContain(first.out)
    expect((await keys('clients')).out).toMatch(/1 +City Agent +own +enabled/)
    if (server) {
      expect((await server.keyring.verify(first.out)).scopes).toEqual(['bookings:read', 'bookings:write'])
      await server.close()
    }
  })
}

for (const beside of ['without a server', 'beside a server']) {
  test(`${beside}: a key is given until a moment, switched off at first, and told of a client that is disabled`, async () => {
    const server = beside === 'beside a server' ? await startServer(folder.dataDir) : null
    const moment = await keys('issue', '--client', 'Desk', '--scopes', 'admin', '--expires', '2998-12-31 17:30:00')
    expect(moment.err).toContain('until 2998-12-31 17:30:00')
    const off = await keys('issue', '--client', 'Desk', '--scopes', 'bookings:read', '--inactive')
    expect(off.err).toStartWith('Key 2 of Desk, switched off, until ')
    expect((await keys('list')).out).toMatch(/\n2 +Desk .* off /)
    const rotated = await keys('rotate', '2', '--expires', '2997-01-01 00:00:01')
    expect(rotated.err).toStartWith('Key 3 of Desk, switched off, until 2997-01-01 00:00:01')

    expect((await keys('issue', '--client', 'Agent', '--scopes', 'bookings:read')).err.split('\n')).toHaveLength(1)
    expect((await keys('disable-client', 'Agent')).out).toBe('Client 2, Agent, is disabled')
    for (const args of [
      ['issue', '--client', 'Agent', '--scopes', 'bookings:read'],
      ['rotate', '4'],
    ]) {
      const { code, out, err } = await keys(...args)
      expect([code, isWellFormed(out)]).toEqual([0, true])
      expect(err).toContain('Agent is disabled: its keys are refused until it is enabled (enable-client 2)')
    }
    expect((await keys('list', '--client', '2')).out).toContain('client disabled')
    await server?.close()
  })
}

test('beside a server times are those of its zone, whatever zone the command was started in', async () => {
  const zone = 'America/New_York'
  const server = await startServer(folder.dataDir, zone)
  const inAnHour = createCalendar(zone).format(Date.now() + 60 * MINUTE_MS)
  const issue = await keys('issue', '--client', 'Desk', '--scopes', 'bookings:read', '--expires', inAnHour)
  expect(issue.err).toContain(`until ${inAnHour}`)
  expect((await keys('list')).out).toMatch(/\n1 +Desk .* working /)
  const { keyId } = await server.keyring.verify(issue.out)
  const [row] = await server.database.read<{ expires_at: number }>('SELECT expires_at FROM api_key WHERE id = ?', [
    keyId,
  ])
  expect(Math.abs(row!.expires_at - Date.now() - 60 * MINUTE_MS)).toBeLessThan(MINUTE_MS)
  await server.close()
})

test('a key goes through its life by command, and its server obeys at once', async () => {
  const server = await startServer(folder.dataDir)
  const key = await issued('--client', 'Desk', '--access', 'all', '--scopes', 'all', '--expires', '2998-12-31')
  expect(await server.keyring.verify(key)).toMatchObject({ keyId: 1, access: 'all' })
  expect(await issued('--client', '1', '--scopes', 'admin')).toStartWith('chk_live_')
  expect((await keys('list', '--client', 'Desk')).out).toContain('2999-01-01 00:00:00')

  expect((await keys('deactivate', '1')).out).toBe('Key 1 of Desk is switched off')
  await expect((async () => server.keyring.verify(key))()).rejects.toThrow('switched off')
  expect((await keys('activate', '1')).code).toBe(0)
  const rotated = await keys('rotate', '1', '--overlap', '5', '--expires', '2997-01-01')
  expect(isWellFormed(rotated.out)).toBe(true)
  expect([await server.keyring.verify(key), await server.keyring.verify(rotated.out)]).toMatchObject([
    { keyId: 1 },
    { keyId: 3 },
  ])
  expect((await keys('list')).out).toMatch(/\n1 .* until \d{4}-/)
  expect((await keys('retire', '1')).out).toBe('Key 1 of Desk is retired')
  await expect((async () => server.keyring.verify(key))()).rejects.toThrow('retired')
  expect((await keys('list')).out).toMatch(/\n1 .* retired /)
  expect((await keys('usage', '1')).out).toBe('day  requests')
  await server.keyring.close()
  expect((await keys('usage', '1')).out).toMatch(/^day +requests\n\d{4}-\d\d-\d\d +\d+$/)
  const back = await keys('activate', '1')
  expect([back.code, back.out, back.err]).toEqual([1, '', 'This key was retired and does not come back'])
  await server.close()
})

test('what is refused is one line and exit code 1', async () => {
  await issued('--client', 'Desk', '--scopes', 'admin')
  for (const [refused, ...args] of [
    ['The last admin key stays: no other works for as long, or for 7 days. Issue one first', 'retire', '1'],
    ['There is no such key', 'retire', '99'],
    ['There is no client Nobody', 'list', '--client', 'Nobody'],
    ['There is no client 99', 'issue', '--client', '99', '--scopes', 'admin'],
    [
      'The client has access own already; --access is for a new one',
      'issue',
      '--client',
      'Desk',
      '--scopes',
      'admin',
      '--access',
      'all',
    ],
  ] as const) {
    const { code, out, err } = await keys(...args)
    expect([code, out, err]).toEqual([1, '', refused])
  }
})

test('what cannot be meant is one line, exit code 2, and nothing is done', async () => {
  const wrong: string[][] = [
    [],
    ['lsit'],
    ['toString'],
    ['list', '--colour'],
    ['list', 'more'],
    ['list', '--scopes', 'admin'],
    ['retire'],
    ['retire', 'x'],
    ['retire', '0'],
    ['retire', '1', '2'],
    ['issue', '--scopes', 'all'],
    ['issue', '--client', 'Agent'],
    ['issue', '--client', 'Agent', '--scopes', 'all', '--access', 'some'],
    ['issue', '--client', 'Agent', '--scopes', 'all', '--expires', '2020-01-01'],
    ['create-client'],
    ['change-client', '1'],
    ['disable-client', '1', '2'],
    ['audit', '--size', '201'],
    ['rotate', '1', '--overlap', '-1'],
  ]
  // one after the other: they wait for the folder, and not for ever
  for (const args of wrong) {
    const { code, out, err } = await keys(...args)
    expect([args, code, out, err.split('\n').length]).toEqual([args, 2, '', 1])
    expect(err).toEndWith('(see --help)')
  }
  expect((await keys('clients')).out.split('\n')).toHaveLength(1)
})

test('help needs no data', async () => {
  const { code, out } = await run('keys', '/nowhere/at/all', '--help')
  expect(code).toBe(0)
  const ofKeys = ['list', 'issue', 'rotate', 'activate', 'deactivate', 'retire', 'usage', 'audit']
  const ofClients = ['clients', 'create-client', 'change-client', 'disable-client', 'enable-client']
  for (const command of [...ofKeys, ...ofClients]) {
    expect(out).toContain(`${command} `)
  }
})

test('a data folder that cannot be is told in one line, exit code 1', async () => {
  writeFileSync(join(folder.dataDir, 'file'), '')
  const { code, out, err } = await run('keys', join(folder.dataDir, 'file'), 'list')
  expect([code, out]).toEqual([1, ''])
  expect(err).toBe(`The data folder is not a folder: set DATA_DIR to one (${join(folder.dataDir, 'file')})`)
})
