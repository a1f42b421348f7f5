import { expect, setDefaultTimeout, test } from 'bun:test'
import { type Database, isDurable, open } from '@channelling/schema'
import { makeDurable } from '../../gateway/src/supervision/servers'
import { startServer } from '../support/server'
import { startSqld } from '../support/sqld'

setDefaultTimeout(60_000)

const WARNING = 'the database server answers before a write is on its disk'

/** What the next write of a process is done with. */
async function writesDurably(database: Database): Promise<boolean> {
  const [written] = await database.write([{ sql: 'PRAGMA synchronous', args: [] }])
  return written!.rows[0]!.synchronous === 2
}

async function untilDurable(database: Database): Promise<void> {
  const deadline = Date.now() + 5_000
  while (!(await writesDurably(database))) {
    if (Date.now() > deadline) throw new Error('It does not write durably')
    await Bun.sleep(20)
  }
}

test('a process writes durably soon after its server was told to, also one that was connected before, and after every restart of the server', async () => {
  await using server = await startSqld(undefined, [], false)
  const database = await open({ url: server.url })
  expect(await writesDurably(database)).toBe(false)
  expect(await isDurable(database)).toBe(false)
  expect(await makeDurable(server.admin)).toBe(true)
  await untilDurable(database)

  await server.kill()
  await server.start()
  // its connection broke
  await writesDurably(database).catch(() => {})
  const before = await open({ url: server.url })
  expect(await writesDurably(before)).toBe(false)
  expect(await makeDurable(server.admin)).toBe(true)
  const after = await open({ url: server.url })
  expect(await writesDurably(after)).toBe(true)
  expect(await isDurable(after)).toBe(true)
  for (const one of [database, before]) await untilDurable(one)
  for (const one of [database, before, after]) await one.close()
})

test('a server that cannot be told is not taken for one that was', async () => {
  await using server = await startSqld()
  expect(await makeDurable(server.url)).toBe(false)
  await server.kill()
  expect(await makeDurable(server.admin)).toBe(false)
})

test.each([
  ['does not bring each write to its disk first', false],
  ['does', true],
])('the log tells whoever has a server that %s', async (_, durable) => {
  await using database = await startSqld(undefined, [], durable)
  await using server = await startServer({ environment: { DATABASE_URL: database.url }, form: 'embedded' })
  expect(server.output().includes(WARNING)).toBe(!durable)
})
