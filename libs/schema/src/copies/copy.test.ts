import { afterAll, beforeAll, expect, test } from 'bun:test'
import { chmodSync, copyFileSync, mkdtempSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { open } from '../index'
import { aHospital, aSession } from '../testing'
import { CopyFault, compared, copyDatabase } from './copy'

let folder: string
const url = (name: string) => ({ url: `file:${folder}/${name}.db` })

async function write(name: string, ...statements: string[]): Promise<void> {
  const database = await open(url(name))
  await database.write(statements.map((sql) => ({ sql, args: [] })))
  await database.close()
}

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'copy-'))
  chmodSync(folder, 0o755)
  const database = await open(url('original'))
  // more than one batch of a key of two columns
  await aHospital({ sessions: Array.from({ length: 1100 }, () => aSession({ reservedNumbers: [1] })), patients: 2 })(
    database,
  )
  await database.close()
  await write(
    'original',
    "INSERT INTO client (name, access, created_at) VALUES ('a', 'own', 0)",
    "INSERT INTO answer VALUES (1, 'b', 'f', '{}', 0), (1, 'a', 'f', '{}', 0)",
    "UPDATE seat SET taken = 3, next_number = 9, released = '[4]', version = 7 WHERE session_id = 5",
    'UPDATE booking_sequence SET next = 77',
    'DELETE FROM patient WHERE id = 2',
  )
})
afterAll(() => rmSync(folder, { recursive: true }))

test('a copy holds the same in every table, places and sequences included', async () => {
  const told: string[] = []
  const tables = await copyDatabase(url('original'), url('copy'), { onProgress: (line) => told.push(line) })
  expect(tables).toContainEqual({ table: 'seat', rows: 1100, hash: expect.stringMatching(/^[0-9a-f]{64}$/) })
  expect(told).toContain('consultant_hospital: 1100')
  expect(statSync(join(folder, 'copy.db')).mode & 0o777).toBe(0o600)
  const copy = await open(url('copy'))
  expect(await copy.read('SELECT taken, next_number, released, version FROM seat WHERE session_id = 5')).toEqual([
    { taken: 3, next_number: 9, released: '[4]', version: 7 },
  ])
  expect(await copy.read('SELECT next FROM booking_sequence')).toEqual([{ next: 77 }])
  // the id of a patient who is no more is not given again
  const [added] = await copy.write([
    {
      sql: "INSERT INTO patient (phn, name, name_key, created_at, updated_at) VALUES ('x', 'x', '', 0, 0) RETURNING id",
      args: [],
    },
  ])
  expect(added!.rows).toEqual([{ id: 3 }])
  await copy.close()
})

test.each([
  ['a row is missing', 'DELETE FROM answer WHERE key = "a"', 'answer'],
  ['a row came in addition', "INSERT INTO speciality (name, code) VALUES ('b', 'b')", 'speciality'],
  ['one value is another', 'UPDATE seat SET version = 8 WHERE session_id = 5', 'seat'],
  ['the stream is another', "UPDATE event_stream SET epoch = 'other'", 'event_stream'],
  ['ids would be given again', "UPDATE sqlite_sequence SET seq = 1 WHERE name = 'patient'", 'the sequences'],
])('a copy in which %s is not taken for one', async (_what, statement, where) => {
  copyFileSync(join(folder, 'original.db'), join(folder, 'spoilt.db'))
  expect(await compared(url('original'), url('spoilt'))).toBeArray()
  await write('spoilt', statement.replaceAll('"', "'"))
  const failed = await compared(url('original'), url('spoilt')).catch((error) => error)
  expect(failed).toBeInstanceOf(CopyFault)
  expect(failed.message).toContain(where)
})

test('nothing is copied into what holds something, or out of another version', async () => {
  await expect(copyDatabase(url('original'), url('original'))).rejects.toThrow('is there already')
  copyFileSync(join(folder, 'original.db'), join(folder, 'later.db'))
  await write('later', "INSERT INTO __drizzle_migrations (hash, created_at) VALUES ('later', 9999999999999)")
  await expect(copyDatabase(url('later'), url('other'))).rejects.toThrow('newer version')
  copyFileSync(join(folder, 'original.db'), join(folder, 'earlier.db'))
  await write(
    'earlier',
    'DELETE FROM __drizzle_migrations WHERE created_at = (SELECT max(created_at) FROM __drizzle_migrations)',
  )
  await expect(copyDatabase(url('earlier'), url('other'))).rejects.toThrow('older version')
})
