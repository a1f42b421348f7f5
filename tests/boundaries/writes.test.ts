import { expect, test } from 'bun:test'
import { sourcesOf } from '../support/sources'
import { ownTables, tables, trespassesOf, writesOf } from './writes'

const sources = await sourcesOf('services/*/src/**/*.ts', 'gateway/src/**/*.ts', 'libs/*/src/**/*.ts')

test('whoever writes a table owns it', () => {
  expect(sources.flatMap(trespassesOf)).toEqual([])
})

test('every table has one owner who writes it, in ways that this test can read', () => {
  const written = new Set(sources.flatMap(writesOf))
  expect([...written].sort()).toEqual(expect.arrayContaining(['api_key', 'booking', 'event', 'patient', 'session']))
  expect([...written].filter((table) => !tables.includes(table))).toEqual([])
  // a place follows its session by a trigger, and is written by bookings alone
  expect(tables.filter((table) => !written.has(table))).toEqual([])
  expect(new Set(tables).size).toBe(tables.length)
})

test('the gateway, its commands and the libraries that own nothing write nothing', () => {
  for (const path of ['gateway/src/commands/keys.ts', 'libs/http/src/kit.ts', 'libs/schema/src/open.ts']) {
    expect(ownTables(path)).toEqual([])
  }
})

const path = 'services/catalogue/src/store/sample.ts'

/** A write to a table that a variable names. */
const renaming = '`UPDATE $' + '{table} SET name = 1`'

test.each([
  ['INSERT', 'const sql = `INSERT INTO booking (id) VALUES (1)`', 'booking'],
  ['INSERT OR IGNORE', 'const sql = \'insert or ignore into "patient" (id) values (1)\'', 'patient'],
  ['UPDATE over lines', 'const sql = `UPDATE seat\n SET taken = 0`', 'seat'],
  ['DELETE', "const sql = 'DELETE FROM api_key WHERE id = 1'", 'api_key'],
  ['REPLACE', "const sql = 'REPLACE INTO audit VALUES (1)'", 'audit'],
  ['the outbox', "const sql = 'INSERT INTO event (type) VALUES (1)'", 'event'],
  ['a name from a type', `const f = (table: Named) => ${renaming}\ntype Named = 'seat'`, 'seat'],
  ['a name that cannot be read', `const f = (table: string) => ${renaming}`, '?'],
  [
    'a builder',
    "import { booking as kept } from '@channelling/schema/bookings'\ndatabase.query\n  .update(kept).set({})",
    'booking',
  ],
  ['rows', "const insert = insertInto(\n  'booking', ['id'])", 'booking'],
  ['rows of a table that cannot be read', 'const insert = insertInto(table, [])', '?'],
  [
    'a builder on a whole module',
    "import * as theirs from '@channelling/schema/access'\nquery.insert(theirs.apiKey)",
    'api_key',
  ],
])('a write to what belongs to somebody else is found: %s', (_how, text, table) => {
  expect(trespassesOf({ path, text })).toEqual([`${path} writes ${table}`])
})

test('what is no write, or one to its own, is let be', () => {
  const texts = [
    "const sql = 'SELECT * FROM booking'",
    "const sql = 'INSERT INTO speciality (code) VALUES (1) ON CONFLICT (code) DO UPDATE SET name = 1'",
    '// DELETE FROM booking\n/* UPDATE seat SET taken = 0 */',
    "import { speciality } from '@channelling/schema/catalogue'\nquery.insert(speciality)",
    'waiting.delete(booking)',
    `f({ table }: { table: 'hospital' | 'consultant' }) => ${renaming}`,
  ]
  for (const text of texts) expect(trespassesOf({ path, text })).toEqual([])
})
