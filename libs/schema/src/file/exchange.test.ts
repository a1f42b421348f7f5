import { afterEach, beforeEach, expect, test } from 'bun:test'
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, utimesSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { exchange, finishExchange } from './exchange'
import { lock } from './lock'

let folder: string
let path: string
let finished: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'exchange-'))
  path = join(folder, 'channelling.db')
  finished = join(folder, 'finished')
  writeFileSync(finished, 'new')
  utimesSync(finished, 1_779_096_600, 1_779_096_600)
})
afterEach(() => rmSync(folder, { recursive: true }))

const textOf = (...names: string[]) => readFileSync(join(folder, ...names), 'utf8')
const BEFORE = 'channelling.db.before-20260518T093000000Z'

test('a file takes the place of another, which is kept with its log', () => {
  writeFileSync(path, 'old')
  writeFileSync(`${path}-wal`, 'old log')
  writeFileSync(`${path}-shm`, 'index')
  expect(exchange(finished, path)).toBe(join(folder, BEFORE))
  expect(readdirSync(folder).sort()).toEqual(['channelling.db', BEFORE])
  expect(textOf('channelling.db')).toBe('new')
  expect(textOf(BEFORE, 'channelling.db')).toBe('old')
  expect(textOf(BEFORE, 'channelling.db-wal')).toBe('old log')
})

test('where there was nothing, nothing is kept', () => {
  expect(exchange(finished, path)).toBe(null)
  expect(readdirSync(folder)).toEqual(['channelling.db'])
})

// wherever a kill can leave an exchange that was decided
test.each([
  ['before anything moved', { 'channelling.db': 'old', 'channelling.db-wal': 'log' }, {}],
  ['with the file away and its log not', { 'channelling.db-wal': 'log' }, { 'channelling.db': 'old' }],
  ['with both away', {}, { 'channelling.db': 'old', 'channelling.db-wal': 'log' }],
])('an exchange that was killed %s is ended by whoever takes the lock next', async (_when, left, moved) => {
  const decided = `${path}.restored`
  writeFileSync(decided, 'new')
  utimesSync(decided, 1_779_096_600, 1_779_096_600)
  for (const [name, text] of Object.entries(left)) writeFileSync(join(folder, name), text)
  for (const [name, text] of Object.entries(moved)) await Bun.write(join(folder, BEFORE, name), text)
  lock(path).release()
  expect(textOf('channelling.db')).toBe('new')
  expect(existsSync(decided)).toBe(false)
  expect(existsSync(`${path}-wal`)).toBe(false)
  expect(textOf(BEFORE, 'channelling.db')).toBe('old')
  expect(textOf(BEFORE, 'channelling.db-wal')).toBe('log')
  expect(finishExchange(path)).toBe(null)
})

test('what was not decided changes nothing', () => {
  writeFileSync(path, 'old')
  writeFileSync(`${path}.restoring`, 'half')
  lock(path).release()
  expect(textOf('channelling.db')).toBe('old')
})
