import { expect, setDefaultTimeout, test } from 'bun:test'
import { createServer } from 'node:net'
import { type Database, type OpenOptions, open } from '@channelling/schema'
import { freePort } from '../support/port'
import { startServices } from '../support/services'
import { startSqld } from '../support/sqld'

setDefaultTimeout(60_000)

const opened = async (url: string, options?: OpenOptions) => {
  const database = await open({ url }, options)
  await database.close()
}

const given = (database: Database) => database.read<{ hash: string }>('SELECT hash FROM __drizzle_migrations')

test('five processes that start at once on an empty server bring it to the present schema once, and all serve', async () => {
  await using services = await startServices({ replicas: { bookings: 2 } })
  const outputs = Object.values(services.processes).flat()
  expect(outputs).toHaveLength(5)
  for (const { url } of outputs) expect((await fetch(`${url}/health/ready`)).status).toBe(200)
  const database = await open({ url: services.database.url })
  const hashes = (await given(database)).map(({ hash }) => hash)
  expect(hashes.length).toBeGreaterThan(5)
  expect(new Set(hashes).size).toBe(hashes.length)
  await database.close()
})

test('a migration that would succeed a second time is not done a second time, whoever comes late', async () => {
  await using server = await startSqld()
  await opened(server.url)
  const database = await open({ url: server.url })
  const [first] = await given(database)
  // what a process does that found the migration missing a moment before another had done it
  const late = database.write([
    { sql: "INSERT INTO hospital (name, code) VALUES ('twice', 'TWICE')", args: [] },
    { sql: 'INSERT INTO __drizzle_migrations (hash, created_at) VALUES (?, 0)', args: [first!.hash] },
  ])
  expect(await late.catch((error) => error.isDuplicate('__drizzle_migrations.hash'))).toBe(true)
  expect(await database.read('SELECT name FROM hospital')).toEqual([])
  await database.close()
})

test('of processes that start at once on a server of an earlier version, which has no id yet, all serve, and it has one from then on', async () => {
  await using server = await startSqld()
  const database = await open({ url: server.url })
  const before = {
    count: 'UPDATE _written SET count = count + 1 WHERE one = 1',
    mark: 'SELECT epoch, count FROM _written JOIN event_stream',
  }
  const mark = async () => (await database.read<{ epoch: string; count: number }>(before.mark))[0]!
  await database.write([
    { sql: 'ALTER TABLE _written DROP COLUMN database_id', args: [] },
    { sql: 'UPDATE _written SET count = 40', args: [] },
  ])
  const { epoch } = await mark()

  const all = await Promise.all(Array.from({ length: 8 }, () => open({ url: server.url, readUrl: server.url })))
  const [row] = await database.read<{ database_id: string }>('SELECT database_id FROM _written')
  expect(row!.database_id).toMatch(/^[0-9a-f]{32}$/)
  expect(await mark()).toEqual({ epoch, count: 41 })
  // a process of that version goes on beside them, and those that come later leave it all as it is
  await database.write([{ sql: before.count, args: [] }])
  expect(await mark()).toEqual({ epoch, count: 43 })
  for (const one of all) expect(await one.read('SELECT 1 AS one')).toEqual([{ one: 1 }])
  await opened(server.url)
  expect(await database.read('SELECT database_id FROM _written')).toEqual([row!])
  for (const one of [...all, database]) await one.close()
})

test('a start waits for a server that is away, and says so; with nobody to say it to it is a fault at once', async () => {
  await using server = await startSqld()
  await server.kill()
  const said: string[] = []
  const opening = opened(server.url, { onWaiting: (what) => said.push(what) })
  while (said.length === 0) await Bun.sleep(5)
  await server.start()
  await opening
  expect(said).toEqual(['the database server does not answer'])
  await server.kill()
  const fault = await opened(server.url).catch((error) => error)
  expect(String(fault.cause?.code ?? fault.code)).toMatch(/ConnectionRefused|ECONNREFUSED/)
})

test('a start waits while another process changes the schema, and says so once', async () => {
  await using server = await startSqld()
  let busy = 8
  const held = Bun.serve({
    port: 0,
    hostname: '127.0.0.1',
    async fetch(request) {
      const body = await request.text()
      if (busy === 0) {
        const passed = await fetch(`${server.url}${new URL(request.url).pathname}`, { method: 'POST', body })
        return new Response(await passed.text(), { status: passed.status })
      }
      busy--
      const error = { type: 'error', error: { message: 'database is locked', code: 'SQLITE_BUSY' } }
      const { requests } = JSON.parse(body) as { requests: unknown[] }
      return Response.json({ baton: null, base_url: null, results: requests.map(() => error) })
    },
  })
  const said: string[] = []
  await opened(`http://127.0.0.1:${held.port}`, { onWaiting: (what) => said.push(what) })
  expect(said).toEqual(['another process brings the database to the present schema'])
  expect(busy).toBe(0)
  await held.stop(true)
})

test('a server that answers and does not admit the process is no server to wait for', async () => {
  const closed = Bun.serve({ port: 0, hostname: '127.0.0.1', fetch: () => new Response('no', { status: 401 }) })
  const opening = opened(`http://127.0.0.1:${closed.port}`, { onWaiting: () => expect.unreachable() })
  expect(await opening.catch(({ message }) => message)).toContain('set DATABASE_AUTH_TOKEN')
  await closed.stop(true)
})

test('an address for WebSockets is spoken to over HTTP, on the same port', async () => {
  await using server = await startSqld()
  const database = await open({ url: server.url.replace('http', 'ws') })
  expect(await database.read('SELECT 1 AS one')).toEqual([{ one: 1 }])
  await server.kill()
  await server.start()
  expect(await database.read('SELECT 1 AS one')).toEqual([{ one: 1 }])
  await database.close()
})

test('a server that takes the question and never answers is given up at the deadline', async () => {
  const port = freePort()
  const silent = createServer(() => {})
  await new Promise<void>((resolve) => silent.listen(port, '127.0.0.1', resolve))
  const begun = performance.now()
  const said: string[] = []
  const opening = opened(`http://127.0.0.1:${port}`, { onWaiting: (what) => said.push(what) })
  while (said.length === 0) await Bun.sleep(20)
  expect(performance.now() - begun).toBeGreaterThan(9_000)
  expect(performance.now() - begun).toBeLessThan(15_000)
  silent.close()
  void opening.catch(() => {})
})
