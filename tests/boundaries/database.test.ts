import { Database as Sqlite } from 'bun:sqlite'
import { afterAll, beforeAll, expect, test } from 'bun:test'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Database, open } from '@channelling/schema'
import { tables } from './writes'

let folder: string
let database: Database
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'channelling-'))
  database = await open({ url: `file:${folder}/channelling.db` })
})
afterAll(async () => {
  await database.close()
  rmSync(folder, { recursive: true, force: true })
})

interface Listed {
  name: string
  type: string
  strict: number
}

const LISTING = "SELECT name, type, strict FROM pragma_table_list WHERE schema = 'main' AND type = 'table'"

/** Tables that take whatever they are given; SQLite's own and the list of migrations are not ours. */
const lax = (listed: Listed[]) =>
  listed.filter(({ name, strict }) => strict === 0 && !/^(sqlite_|__drizzle_)/.test(name)).map(({ name }) => name)

test('every table is STRICT, and they are those that the modules define', async () => {
  const listed = await database.read<Listed>(LISTING)
  expect(lax(listed)).toEqual([])
  const ours = listed.map(({ name }) => name).filter((name) => !/^(sqlite_|__drizzle_)/.test(name))
  expect(ours.sort()).toEqual(tables.filter((name) => !name.startsWith('_')).sort())
})

test('a table that is not STRICT is found', () => {
  const sample = new Sqlite(':memory:')
  sample.exec('CREATE TABLE held (id INTEGER PRIMARY KEY) STRICT; CREATE TABLE loose (id INTEGER PRIMARY KEY)')
  expect(lax(sample.query(LISTING).all() as Listed[])).toEqual(['loose'])
})

const promised = ['journal_mode', 'synchronous', 'foreign_keys', 'query_only']
const statements = promised.map((name) => ({ sql: `PRAGMA ${name}`, args: [] }))
const valuesOf = (results: Record<string, unknown>[][]) =>
  Object.assign({}, ...results.map(([row]) => row)) as Record<string, unknown>

test('the connection that writes waits for the disk and keeps foreign keys', async () => {
  const written = await database.write(statements)
  expect(valuesOf(written.map(({ rows }) => rows))).toEqual({
    journal_mode: 'wal',
    synchronous: 2,
    foreign_keys: 1,
    query_only: 0,
  })
})

test('the connection that reads keeps the same promises, and cannot write', async () => {
  expect(valuesOf(await database.readAll(statements))).toEqual({
    journal_mode: 'wal',
    synchronous: 2,
    foreign_keys: 1,
    query_only: 1,
  })
  await expect(database.read("INSERT INTO speciality (name, code) VALUES ('a', 'b')")).rejects.toThrow()
  expect(await database.read('SELECT * FROM speciality')).toEqual([])
})

test('a connection that nobody promised anything for keeps none of it', () => {
  const bare = new Sqlite(join(folder, 'bare.db'), { create: true })
  const values = valuesOf(promised.map((name) => bare.query(`PRAGMA ${name}`).all() as Record<string, unknown>[]))
  expect(values).toMatchObject({ journal_mode: 'delete', foreign_keys: 0, query_only: 0 })
  bare.close()
})

test('text in place of a number, and what refers to nothing, are refused by the database itself', async () => {
  const consultant = (speciality: unknown) => ({
    sql: "INSERT INTO consultant (name, registration, speciality_id) VALUES ('a', 'b', ?)",
    args: [speciality],
  })
  // SQLITE_CONSTRAINT_DATATYPE, for which the driver has no name
  await expect(database.write([consultant('one')])).rejects.toMatchObject({ code: 'UNKNOWN_SQLITE_ERROR_3091' })
  await expect(database.write([consultant(99)])).rejects.toMatchObject({ code: 'SQLITE_CONSTRAINT_FOREIGNKEY' })
})
