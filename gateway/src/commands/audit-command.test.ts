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
  test(`${beside}: the audit tells who did what, newest first, by pages and for a range of time`, async () => {
    const server = beside === 'beside a server' ? await startServer(folder.dataDir) : null
    expect((await keys('audit')).out).toBe('id  at  client  key  action  subject  origin')
    await keys('issue', '--client', 'Agent', '--scopes', 'bookings:read')
    await keys('disable-client', 'Agent')
    const whole = await keys('audit')
    expect([whole.code, whole.err]).toEqual([0, ''])
    const [head, ...acts] = whole.out.split('\n')
    expect(head).toMatch(/^id +at +client +key +action +subject +origin$/)
    expect(acts.map((act) => act.replace(/\d{4}-\d\d-\d\d \d\d:\d\d:\d\d/, 'then').replace(/ +/g, ' '))).toEqual([
      '3 then client.disabled client 1 command line',
      '2 then key.issued key 1 command line',
      '1 then client.created client 1 command line',
    ])
    const page = await keys('audit', '--page', '1', '--size', '1')
    expect(page.out.split('\n')).toEqual([expect.any(String), expect.stringMatching(/^2 .* key\.issued /)])
    expect(page.err).toBe('Acts 2 to 2 of 3; --page 2 has the next')
    expect((await keys('audit', '--page', '9')).out.split('\n')).toHaveLength(1)
    expect((await keys('audit', '--from', '2000-01-01', '--to', '2998-01-01 09:30:00')).out).toBe(whole.out)
    expect((await keys('audit', '--to', '2000-01-01')).out.split('\n')).toHaveLength(1)
    await server?.close()
  })
}

test('the usage of a key is told for a range of days', async () => {
  const server = await startServer(folder.dataDir)
  const { out: key } = await keys('issue', '--client', 'Agent', '--scopes', 'bookings:read')
  await server.keyring.verify(key)
  await server.keyring.close()
  expect((await keys('usage', '1', '--from', '2000-01-01', '--to', '2998-01-01')).out).toMatch(/\n\d{4}-\d\d-\d\d +1$/)
  expect((await keys('usage', '1', '--to', '2000-01-01')).out).toBe('day  requests')
  await server.close()
})
