import { afterEach, beforeEach, expect, test } from 'bun:test'
import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DataInUse } from '@channelling/schema'
import { holdForServices, keepServicesFrom, keepServicesOut } from './folder'

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
    expect(() => take(folder)).toThrow(/in use by another process, `run services`: stop/)
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
