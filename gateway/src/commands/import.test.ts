import { afterEach, beforeEach, expect, test } from 'bun:test'
import { appendFileSync, cpSync, mkdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { demoFolder } from '@channelling/catalogue'
import { aDataFolder, run, startServer } from './testing'

let folder: ReturnType<typeof aDataFolder>
beforeEach(() => {
  folder = aDataFolder()
})
afterEach(() => folder.remove())

const importing = (...args: string[]) => run('import', folder.dataDir, ...args)

/** A copy of the demo catalogue, to be spoilt. */
function aCatalogue(): string {
  const copy = join(folder.dataDir, 'catalogue')
  mkdirSync(copy)
  cpSync(demoFolder, copy, { recursive: true })
  return copy
}

for (const beside of ['without a server', 'beside a server']) {
  test(`${beside}: a folder is imported, its progress told apart from its report, and again changes nothing`, async () => {
    const server = beside === 'beside a server' ? await startServer(folder.dataDir) : null
    const first = await importing(demoFolder)
    expect(first.code).toBe(0)
    expect(first.err).toContain('Read 3 hospitals')
    expect(first.out).toMatch(/^hospitals +3 created/)
    const second = await importing(demoFolder)
    expect(second.out).toMatch(/sessions +0 created/)
    if (server) {
      expect(await server.database.read('SELECT count(*) AS hospitals FROM hospital')).toEqual([{ hospitals: 3 }])
      await server.close()
    }
  })
}

test('every fault is a line of file, line and reason, and nothing is imported', async () => {
  const spoilt = aCatalogue()
  appendFileSync(join(spoilt, 'hospitals.csv'), 'one,two\n')
  appendFileSync(join(spoilt, 'specialities.csv'), 'one\n')
  const { code, out, err } = await importing(spoilt)
  expect([code, out]).toEqual([1, ''])
  expect(err).toMatch(/^hospitals\.csv:\d+ .+\nspecialities\.csv:\d+ .+\nNothing was imported: 2 faults$/)
  const server = await startServer(folder.dataDir)
  expect(await server.database.read('SELECT id FROM hospital')).toEqual([])
  await server.close()
})

test('a missing file and a missing folder are told', async () => {
  const spoilt = aCatalogue()
  rmSync(join(spoilt, 'schedules.csv'))
  const file = await importing(spoilt)
  expect([file.code, file.err]).toEqual([1, 'schedules.csv:1 the file is missing\nNothing was imported: 1 fault'])
  const nothing = await importing('/nowhere/at/all')
  expect([nothing.code, nothing.err]).toEqual([1, '/nowhere/at/all is no folder'])
})

test('a wrong call is one line and exit code 2; help needs no data', async () => {
  for (const args of [[], ['one', 'two'], ['--fast', '.']]) {
    const { code, err } = await importing(...args)
    expect([code, err.split('\n').length]).toEqual([2, 1])
  }
  expect((await run('import', '/nowhere/at/all', '--help')).out).toContain('Usage: bun run import <folder>')
})
