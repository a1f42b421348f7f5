import { expect, setDefaultTimeout, test } from 'bun:test'
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { open } from '@channelling/schema'
import { aClient } from '../support/client'
import { command } from '../support/command'
import { isApart } from '../support/forms'
import { aHospital, aSession } from '../support/hospital'
import { type Server, startServer } from '../support/server'
import { startSqld } from '../support/sqld'

setDefaultTimeout(60_000)

/** A data file serves one process alone: where services are apart there is none to speak of. */
const hasFile = !isApart

function aFolder() {
  const folder = mkdtempSync(join(tmpdir(), 'move-'))
  return { folder, [Symbol.dispose]: () => rmSync(folder, { recursive: true }) }
}

const copy = (from: string, to: string) => command('db', ['copy', '--from', from, '--to', to], {})

/** A hospital in which something of everything happened. */
async function liveThere(server: Server): Promise<void> {
  const agent = await aClient(server)
  const patient = await agent.call('POST', '/api/patients', {
    name: 'අමර Perera',
    phone: '0771234567',
    nic: '853400937V',
  })
  const patientId = patient.body.data.id
  for (const [sessionInstanceId, more] of [
    [1, { reference: 'REF-1' }],
    [1, {}],
    [2, { hold: true }],
    [2, {}],
  ] as const) {
    const body = { sessionInstanceId, patientId, ...more }
    const headers = { 'idempotency-key': `${sessionInstanceId}-${JSON.stringify(more)}` }
    expect((await agent.call('POST', '/api/channel/bookings', body, { headers })).status).toBe(201)
  }
  expect((await agent.call('PUT', '/api/channel/bookings/2/cancel', { reason: 'Ill' })).status).toBe(200)
  expect((await agent.call('PUT', '/api/channel/bookings/4/reschedule', { sessionInstanceId: 1 })).status).toBe(200)
}

const paths = [
  ...[1, 2, 3, 4].flatMap((id) => [`/api/channel/bookings/${id}`, `/api/channel/bookings/${id}/history`]),
  '/api/channel/sessions',
  '/api/patients/search?phone=0771234567',
  '/api/admin/clients',
]

async function everything(server: Server): Promise<Record<string, unknown>> {
  const answers: Record<string, unknown> = {}
  for (const path of paths) {
    const { status, body } = await server.call('GET', path)
    expect(`${path} ${status}`).toBe(`${path} 200`)
    answers[path] = body
  }
  return answers
}

const book = (server: Server) =>
  server.call('POST', '/api/channel/bookings', { sessionInstanceId: 1, patientId: 1 }).then(({ body }) => body.data)

/** What a database says of itself where rows and sequences are concerned. */
async function remains(url: string) {
  const database = await open({ url })
  try {
    return await database.readAll([
      { sql: 'SELECT * FROM seat ORDER BY session_id', args: [] },
      { sql: 'SELECT * FROM event_stream', args: [] },
      { sql: 'SELECT * FROM event ORDER BY seq', args: [] },
      { sql: 'SELECT * FROM sqlite_sequence ORDER BY name', args: [] },
      { sql: 'SELECT * FROM booking_sequence', args: [] },
    ])
  } finally {
    await database.close()
  }
}

test('a hospital moves from its file to a server and back, and answers as before: seats, numbers, ids and its stream of events go on', async () => {
  if (!hasFile) return
  using scratch = aFolder()
  await using sqld = await startSqld()
  await using server = await startServer({
    seed: aHospital({ sessions: [aSession({ reservedNumbers: [2] }), aSession()], patients: 700 }),
  })
  await liveThere(server)
  const before = await everything(server)
  const held = await copy(`file:${server.dataDir}/channelling.db`, sqld.url)
  expect([held.code, held.err]).toEqual([1, expect.stringContaining('in use by another process')])
  await server.stop()
  const original = `file:${server.dataDir}/channelling.db`

  const there = await copy(original, sqld.url)
  expect([there.code, there.err]).toEqual([0, expect.stringContaining('patient: 701')])
  expect(there.out).toMatch(/^Copied \d+ rows of \d+ tables; both hold the same$/)
  expect(await remains(sqld.url)).toEqual(await remains(original))
  const again = await copy(original, sqld.url)
  expect([again.code, again.err]).toEqual([1, 'The database to copy to is not empty'])

  await server.restart({ DATABASE_URL: sqld.url })
  expect(await everything(server)).toEqual(before)
  expect(await book(server)).toMatchObject({ id: 5, number: 4 })
  await server.stop()

  const back = `file:${scratch.folder}/channelling.db`
  expect((await copy(sqld.url, back)).code).toBe(0)
  expect(await remains(back)).toEqual(await remains(sqld.url))
  expect(readdirSync(scratch.folder).filter((name) => name.includes('copying'))).toEqual([])
  const taken = await copy(sqld.url, back)
  expect([taken.code, taken.err]).toEqual([1, expect.stringContaining('is there already')])
  await server.restart({ DATABASE_URL: back })
  expect(await book(server)).toMatchObject({ id: 6, number: 5 })
})

test('what cannot be copied is refused in one line, and changes nothing', async () => {
  using scratch = aFolder()
  await using sqld = await startSqld()
  const none = `file:${scratch.folder}/none.db`
  const missing = await copy(none, sqld.url)
  expect([missing.code, missing.err]).toEqual([1, `There is no data at ${scratch.folder}/none.db`])
  const empty = await startSqld()
  const unknown = await copy(empty.url, none)
  expect([unknown.code, unknown.err]).toEqual([1, 'The server to copy from holds no data of ours'])
  await empty.kill()
  const gone = await copy(empty.url, none)
  expect([gone.code, gone.err]).toEqual([1, 'The database server that is read does not answer'])
  await empty[Symbol.asyncDispose]()
  // not so much as a lock on what there never was
  expect(readdirSync(scratch.folder)).toEqual([])
  const other = `${scratch.folder}/other.txt`
  writeFileSync(other, 'not ours')
  const taken = await copy(sqld.url, `file:${other}`)
  expect([taken.code, taken.err]).toEqual([1, expect.stringContaining(`${other} is there already`)])
  expect(readdirSync(scratch.folder)).toEqual(['other.txt'])
  // and the server that was to be copied to is as it was
  expect((await copy(sqld.url, none)).err).toBe('The server to copy from holds no data of ours')
  for (const args of [
    [],
    ['copy'],
    ['copy', '--from', none],
    ['move', '--from', none, '--to', sqld.url],
    ['copy', '-x'],
  ]) {
    const wrong = await command('db', args, {})
    expect([wrong.code, wrong.out]).toEqual([2, ''])
    expect(wrong.err).not.toContain('\n')
  }
  expect((await command('db', ['--help'], {})).out).toContain('TARGET_DATABASE_AUTH_TOKEN')
})

test('a backup is copied nowhere, since its ids and positions would be given again: it says to restore, and what was restored can be copied', async () => {
  using scratch = aFolder()
  const original = `${scratch.folder}/original.db`
  await (await open({ url: `file:${original}` })).close()
  const backup = `${scratch.folder}/backup.db`
  expect(
    (await command('backup', ['--to', backup], { DATABASE_URL: `file:${original}`, DATA_DIR: scratch.folder })).code,
  ).toBe(0)

  const target = `${scratch.folder}/target.db`
  const refused = await copy(`file:${backup}`, `file:${target}`)
  expect([refused.code, refused.err]).toEqual([
    1,
    `${backup} is a backup, and more ids and positions were given after it: restore it into a file with \`bun run restore\`, and copy that`,
  ])
  expect(readdirSync(scratch.folder).filter((name) => name.startsWith('target'))).toEqual([])

  // nor does a server go on with it
  const before = readFileSync(backup)
  const started = startServer({ environment: { DATABASE_URL: `file:${backup}` }, form: 'embedded' })
  await expect(started).rejects.toThrow(
    `${backup} is a backup: put it in the place of the data with \`bun run restore\``,
  )
  expect(readFileSync(backup).equals(before)).toBe(true)

  const restored = `${scratch.folder}/restored.db`
  expect((await command('restore', ['--from', backup], { DATABASE_URL: `file:${restored}` })).code).toBe(0)
  expect((await copy(`file:${restored}`, `file:${target}`)).code).toBe(0)
})
