import { afterEach, beforeEach, expect, setDefaultTimeout, test } from 'bun:test'
import { aDataFolder, run, startServer } from './testing'

// each command is a process of its own
setDefaultTimeout(60_000)

let folder: ReturnType<typeof aDataFolder>
beforeEach(() => {
  folder = aDataFolder()
})
afterEach(() => folder.remove())

const keys = (...args: string[]) => run('keys', folder.dataDir, ...args)

for (const beside of ['without a server', 'beside a server']) {
  test(`${beside}: a client is registered, changed, disabled and enabled, by its name or id`, async () => {
    const server = beside === 'beside a server' ? await startServer(folder.dataDir) : null
    const said = async (...args: string[]) => {
      const { code, out, err } = await keys(...args)
      expect([args, code, err]).toEqual([args, 0, ''])
      return out
    }
    expect(await said('create-client', 'City Agent', '--contact', 'desk 5')).toBe(
      'Client 1, City Agent, is registered: access own, contact desk 5',
    )
    expect(await said('create-client', 'Desk', '--access', 'all')).toBe(
      'Client 2, Desk, is registered: access all, no contact',
    )
    expect(await said('change-client', 'City Agent', '--name', 'Town Agent')).toBe(
      'Client 1, Town Agent, is changed: access own, contact desk 5',
    )
    expect(await said('change-client', '1', '--access', 'all', '--contact', '')).toBe(
      'Client 1, Town Agent, is changed: access all, no contact',
    )
    expect(await said('disable-client', '1')).toBe('Client 1, Town Agent, is disabled')
    expect(await said('clients')).toMatch(/\n1 +Town Agent +all +disabled \d{4}-.*\n2 +Desk +all +enabled /)
    expect(await said('enable-client', 'Town Agent')).toBe('Client 1, Town Agent, is enabled')
    await server?.close()
  })
}

test('the keys of a client obey its changes at once', async () => {
  const server = await startServer(folder.dataDir)
  const { out: key } = await keys('issue', '--client', 'Agent', '--scopes', 'bookings:read')
  const standing = async () => server.keyring.verify(key)
  expect((await standing()).access).toBe('own')
  await keys('change-client', 'Agent', '--access', 'all')
  expect((await standing()).access).toBe('all')
  await keys('disable-client', 'Agent')
  await expect(standing()).rejects.toThrow('switched off')
  await keys('enable-client', 'Agent')
  expect((await standing()).access).toBe('all')
  await server.close()
})

test('what a client may not be is one line and exit code 1', async () => {
  await keys('issue', '--client', 'Desk', '--scopes', 'admin')
  await keys('create-client', 'Agent')
  for (const [refused, ...args] of [
    ['There is a client of that name', 'create-client', 'Desk'],
    ['There is a client of that name', 'change-client', 'Agent', '--name', 'Desk'],
    ['The request is not valid; body.name must not be empty', 'change-client', 'Agent', '--name', ''],
    ['There is no client Nobody', 'change-client', 'Nobody', '--access', 'all'],
    ['There is no client 99', 'enable-client', '99'],
    ['The last admin key stays: no other works for as long, or for 7 days. Issue one first', 'disable-client', 'Desk'],
  ] as const) {
    const { code, out, err } = await keys(...args)
    expect([code, out, err]).toEqual([1, '', refused])
  }
})
