import { afterEach, beforeEach, expect, test } from 'bun:test'
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DataInUse } from '@channelling/schema'
import { hasServicesData, holdForServices, keepServicesFrom, keepServicesOut } from './folder'

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'folder-'))
})
afterEach(() => rmSync(folder, { recursive: true }))

test('either `run services` works in a folder or others do, and whoever comes second is told who is there', () => {
  const servers = [keepServicesOut(folder), keepServicesOut(folder)]
  expect(() => holdForServices(folder)).toThrow(/in use by another process, `run up`, `run start` or a command: stop/)
  servers[0]!.release()
  expect(() => holdForServices(folder)).toThrow(DataInUse)
  servers[1]!.release()
  const services = holdForServices(folder)
  for (const take of [holdForServices, keepServicesOut]) {
    expect(() => take(folder)).toThrow(/in use by another process, `run services` or a command on its data: stop/)
  }
  services.release()
  keepServicesOut(folder).release()
})

test('a command on a file minds `run services` of its folder, and leaves nothing where there never were any', () => {
  const url = `file:${folder}/channelling.db`
  keepServicesFrom(url).release()
  keepServicesFrom('http://127.0.0.1:1').release()
  expect(existsSync(join(folder, 'services.lock'))).toBe(false)
  const services = holdForServices(folder)
  expect(() => keepServicesFrom(url)).toThrow(DataInUse)
  services.release()
  const command = keepServicesFrom(url)
  expect(() => holdForServices(folder)).toThrow(DataInUse)
  command.release()
})

test('data that was decided to take the place of that of `run services` does so before anybody works on it, and counts as there before that', () => {
  mkdirSync(join(folder, 'sqld.restored'))
  writeFileSync(join(folder, 'sqld.restored', 'data'), 'new')
  expect(hasServicesData(folder)).toBe(true)
  mkdirSync(join(folder, 'sqld'))
  writeFileSync(join(folder, 'sqld', 'data'), 'old')
  holdForServices(folder).release()
  expect(readFileSync(join(folder, 'sqld', 'data'), 'utf8')).toBe('new')
  const [before] = readdirSync(folder).filter((name) => name.startsWith('sqld.before-'))
  expect(readFileSync(join(folder, before!, 'sqld', 'data'), 'utf8')).toBe('old')
})
