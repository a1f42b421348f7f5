import { expect, setDefaultTimeout, test } from 'bun:test'
import { open } from '@channelling/schema'
import { startSqld } from '../support/sqld'

setDefaultTimeout(60_000)

const WRITERS = 8
/** Longer than between two times at which the server brings its log to its file. */
const SECONDS = 12
/** Also while it does that. Writers that hang wait 5 s at least. */
const WAIT_MS_MAX = 4_000

test('of many that write to one server without a pause none waits long', async () => {
  await using server = await startSqld()
  const writers = await Promise.all(Array.from({ length: WRITERS }, () => open({ url: server.url })))
  await writers[0]!.write([{ sql: 'CREATE TABLE written (id INTEGER PRIMARY KEY, body TEXT)', args: [] }])
  const until = performance.now() + SECONDS * 1000
  const faults: unknown[] = []
  let writes = 0
  let longestMs = 0
  await Promise.all(
    writers.map(async (database) => {
      while (performance.now() < until) {
        const begun = performance.now()
        await database
          .write([
            {
              sql: 'INSERT INTO written (body) SELECT hex(randomblob(500)) FROM json_each(?)',
              args: [JSON.stringify(Array.from({ length: 40 }, () => 0))],
            },
          ])
          .then(
            () => writes++,
            (fault) => faults.push(fault),
          )
        longestMs = Math.max(longestMs, performance.now() - begun)
        await database.read('SELECT id FROM written ORDER BY id DESC LIMIT 50')
      }
    }),
  )
  expect(faults).toEqual([])
  expect(longestMs).toBeLessThan(WAIT_MS_MAX)
  expect(await writers[0]!.read<{ count: number }>('SELECT count(*) AS count FROM written')).toEqual([
    { count: 40 * writes },
  ])
  for (const database of writers) await database.close()
})
