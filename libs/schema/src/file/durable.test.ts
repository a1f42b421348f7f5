import { expect, test } from 'bun:test'
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { dropEmptyLog, NameTaken, publish } from './durable'

test('a finished file gets its name, unless somebody was there first', () => {
  const folder = mkdtempSync(join(tmpdir(), 'durable-'))
  const [first, second, name] = ['first', 'second', 'name'].map((one) => join(folder, one)) as [string, string, string]
  writeFileSync(first, 'first')
  writeFileSync(second, 'second')
  publish(first, name)
  expect(() => publish(second, name)).toThrow(NameTaken)
  expect(readFileSync(name, 'utf8')).toBe('first')
  expect(readdirSync(folder).sort()).toEqual(['name', 'second'])
  rmSync(folder, { recursive: true })
})

test('a log that holds something is never dropped', () => {
  const folder = mkdtempSync(join(tmpdir(), 'durable-'))
  const path = join(folder, 'channelling.db')
  writeFileSync(`${path}-wal`, 'commits')
  expect(() => dropEmptyLog(path)).toThrow('not empty')
  writeFileSync(`${path}-wal`, '')
  writeFileSync(`${path}-shm`, 'index')
  dropEmptyLog(path)
  expect(readdirSync(folder)).toEqual([])
  rmSync(folder, { recursive: true })
})
