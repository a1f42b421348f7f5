import { expect, setDefaultTimeout, test } from 'bun:test'
import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { command } from '../support/command'
import { aHospital } from '../support/hospital'
import { type Sqld, startSqld } from '../support/sqld'

setDefaultTimeout(60_000)

/** The way to a database server that hangs from the first request on that holds this text. */
function hangingAt(text: string, sqld: Sqld) {
  const server = Bun.serve({
    port: 0,
    hostname: '127.0.0.1',
    idleTimeout: 0,
    async fetch(request) {
      const body = await request.text()
      if (body.includes(text)) sqld.hang()
      const { method } = request
      const asked = { method, ...(method === 'POST' && { body }) }
      const answer = await fetch(`${sqld.url}${new URL(request.url).pathname}`, asked)
      return new Response(await answer.text(), { status: answer.status })
    },
  })
  return { url: `http://127.0.0.1:${server.port}`, [Symbol.asyncDispose]: () => server.stop(true) }
}

test('a backup and a copy of a server that hangs meanwhile are given up in one line, and leave nothing behind', async () => {
  await using sqld = await startSqld(aHospital())
  await using server = hangingAt('FROM \\"patient', sqld)
  const folder = mkdtempSync(join(tmpdir(), 'hangs-'))
  const [backup, copy] = await Promise.all([
    command('backup', ['--to', join(folder, 'backup.db')], { DATABASE_URL: server.url, DATA_DIR: folder }),
    command('db', ['copy', '--from', server.url, '--to', `file:${folder}/copy.db`], {}),
  ])
  const said = 'The database server that is read does not answer'
  // a copy tells of each table that it has copied
  expect([backup.code, backup.err, copy.code, copy.err.split('\n').at(-1)]).toEqual([1, said, 1, said])
  expect(readdirSync(folder).filter((name) => !name.endsWith('.lock'))).toEqual([])
  rmSync(folder, { recursive: true })
})
