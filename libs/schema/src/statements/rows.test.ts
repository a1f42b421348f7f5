import { afterAll, beforeAll, expect, test } from 'bun:test'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Database, insertInto, open } from '..'

let folder: string
let database: Database
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'rows-'))
  database = await open({ url: `file:${folder}/test.db` })
})
afterAll(async () => {
  await database.close()
  rmSync(folder, { recursive: true, force: true })
})

const insert = insertInto('event', ['type', 'session_id', 'booking_id', 'client_id', 'payload', 'at'])

const texts = ['', '[]', '{"a":"\\"b\\\\"}', "it's", 'අ ආ 😀', '\u2028', 'null', '007', '1e3', 'x'.repeat(5000)]
const rows = Array.from({ length: 90 }, (_, index) => [
  texts[index % texts.length],
  index % 2 === 0,
  index % 3 === 0 ? null : index,
  -index,
  texts[(index + 3) % texts.length],
  1_779_096_600_000 + 2 ** 40 * index,
])

test('a server is sent the same rows, of the same types and in the same order, in one statement', async () => {
  const toFile = insert(rows, { shared: false })
  const toServer = insert(rows, { shared: true })
  expect([toFile.length > 1, toServer.length]).toEqual([true, 1])
  expect([insert([], { shared: false }), insert([], { shared: true })]).toEqual([[], []])
  const written = async (statements: typeof toFile) => {
    await database.write([{ sql: 'DELETE FROM event', args: [] }, ...statements])
    return database.read(`SELECT type, session_id, booking_id, client_id, payload, at,
      typeof(type) || typeof(session_id) || typeof(booking_id) || typeof(payload) || typeof(at) AS types FROM event ORDER BY seq`)
  }
  const found = await written(toServer)
  expect(found).toHaveLength(rows.length)
  expect(found).toEqual(await written(toFile))
})
