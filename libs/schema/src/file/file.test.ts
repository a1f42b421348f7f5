import { describe, expect, test } from 'bun:test'
import { chmodSync, closeSync, mkdtempSync, openSync, rmSync, statSync, writeSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Refusal } from '@channelling/contract'
import { told } from '../faults'
import { type Database, DatabaseFault, open, readiness, type Written } from '../index'
import { connect } from './connection'

async function aFile() {
  const folder = mkdtempSync(join(tmpdir(), 'file-'))
  const path = join(folder, 'channelling.db')
  const failures: DatabaseFault[] = []
  const database = await open({ url: `file:${path}` }, { onFailure: (fault) => failures.push(fault) })
  return {
    database,
    path,
    failures,
    add: (name: string) =>
      database.write([{ sql: 'INSERT INTO hospital (name, code) VALUES (?, ?)', args: [name, name] }]).then(
        () => 'written',
        (error) => (error instanceof Refusal ? error.reason : error instanceof DatabaseFault ? error.code : error),
      ),
    async [Symbol.asyncDispose]() {
      await database.close()
      rmSync(folder, { recursive: true })
    },
  }
}

const modesOf = (path: string) => ['', '-wal', '-shm'].map((part) => statSync(`${path}${part}`).mode & 0o777)

test('a new data file and its log are their owner’s alone, in a folder that others may read too', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'file-'))
  chmodSync(folder, 0o755)
  const path = join(folder, 'channelling.db')
  try {
    const database = await open({ url: `file:${path}` })
    expect(modesOf(path)).toEqual([0o600, 0o600, 0o600])
    await database.close()
    // what the operator let others read stays so
    chmodSync(path, 0o640)
    const again = await open({ url: `file:${path}` })
    expect(modesOf(path)[0]).toBe(0o640)
    await again.close()
  } finally {
    rmSync(folder, { recursive: true })
  }
})

test('a write that finds the file damaged is the last one: it and all after it are refused, and that is said once', async () => {
  await using file = await aFile()
  const { database, failures, add } = file
  expect(await add('A')).toBe('written')
  expect(await readiness(database)()).toEqual({ database: true })
  // everything but the first page
  const descriptor = openSync(file.path, 'r+')
  writeSync(descriptor, Buffer.alloc(1024 * 1024, 0xff), 0, 1024 * 1024, 4096)
  closeSync(descriptor)

  const answers = await Promise.all([
    database.write([{ sql: 'INSERT INTO patient SELECT * FROM patient', args: [] }]).catch((error) => error.reason),
    add('B'),
    add('C'),
  ])
  expect(answers).toEqual(['service_unavailable', 'service_unavailable', 'service_unavailable'])
  expect(await add('D')).toBe('service_unavailable')
  expect(failures.map(({ code }) => code)).toEqual(['SQLITE_CORRUPT'])
  expect(database.failure()).toBe(failures[0]!)
  expect((await readiness(database)()).database).toBe(false)
})

test('when the writer dies, those who wait and all who come are refused, and that is said once', async () => {
  const workers: Worker[] = []
  const Real = globalThis.Worker
  globalThis.Worker = class extends Real {
    constructor(...given: ConstructorParameters<typeof Worker>) {
      super(...given)
      workers.push(this)
    }
  }
  await using file = await aFile().finally(() => {
    globalThis.Worker = Real
  })
  expect(await file.add('A')).toBe('written')
  const waiting = file.add('B')
  workers[0]!.terminate()
  expect(['written', 'service_unavailable']).toContain(await waiting)
  while (file.failures.length === 0) await Bun.sleep(1)
  expect(await file.add('C')).toBe('service_unavailable')
  expect(file.failures.map(({ code }) => code)).toEqual(['WRITER_STOPPED'])
  expect(await readiness(file.database)()).toEqual({ database: false })
})

test('a constraint fails its own write and no other', async () => {
  await using file = await aFile()
  expect(await Promise.all([file.add('A'), file.add('A'), file.add('B')])).toEqual([
    'written',
    'SQLITE_CONSTRAINT_UNIQUE',
    'written',
  ])
  expect(file.failures).toEqual([])
  expect(await readiness(file.database)()).toEqual({ database: true })
})

describe('while another connection keeps the file', () => {
  /** Keeps others from writing, until it is let go. */
  function hold(path: string) {
    const other = connect(path, 'write')
    other.rows({ sql: 'BEGIN IMMEDIATE', args: [] })
    return {
      change: () => other.rows({ sql: "UPDATE hospital SET name = 'changed'", args: [] }),
      letGo() {
        other.rows({ sql: 'ROLLBACK', args: [] })
        other.close()
      },
    }
  }
  const insert = (name: string) => [{ sql: 'INSERT INTO hospital (name, code) VALUES (?, ?)', args: [name, name] }]
  const faultOf = (work: Promise<unknown>): Promise<DatabaseFault> =>
    work.then(
      () => expect.unreachable('it should have failed'),
      (error) => error,
    )
  const names = async (database: Database) =>
    (await database.read<{ name: string }>('SELECT name FROM hospital ORDER BY id')).map(({ name }) => name)

  test('writes are refused as overload, the later ones soon, and nothing of them is done; the next one after that is', async () => {
    await using file = await aFile()
    const { database } = file
    const other = hold(file.path)
    const began = performance.now()
    const faults = await Promise.all(Array.from({ length: 20 }, (_, row) => faultOf(database.write(insert(`W${row}`)))))
    expect(performance.now() - began).toBeLessThan(5_000)
    for (const fault of faults) {
      expect(fault).toBeInstanceOf(DatabaseFault)
      expect([fault.code, fault.isUndone]).toEqual(['SQLITE_BUSY', true])
      expect(fault.cause).toMatchObject({ reason: 'overloaded', details: { retryAfterSeconds: 1 } })
    }
    expect(await names(database)).toEqual([])
    expect(await readiness(database)()).toEqual({ database: true })
    other.letGo()
    expect([await file.add('A'), await file.add('B')]).toEqual(['written', 'written'])
    expect(await names(database)).toEqual(['A', 'B'])
    expect(file.failures).toEqual([])
    // and it is as patient again as it was
    const again = hold(file.path)
    const waiting = file.add('C')
    await Bun.sleep(200)
    again.letGo()
    expect(await waiting).toBe('written')
  })

  test('who reads is not kept out', async () => {
    await using file = await aFile()
    expect(await file.add('A')).toBe('written')
    const other = hold(file.path)
    other.change()
    expect(await names(file.database)).toEqual(['A'])
    expect(await file.database.readAll([{ sql: 'SELECT count(*) AS n FROM hospital', args: [] }])).toEqual([[{ n: 1 }]])
    other.letGo()
  })

  test('what got the file too late is not done, though it waited for it; what is in time is', async () => {
    await using file = await aFile()
    const { database } = file
    const other = hold(file.path)
    const late = faultOf(database.write(insert('A'), { withinMs: 100 }))
    const behind = faultOf(database.write(insert('B'), { withinMs: 100 }))
    const inTime = database.write(insert('C'), { withinMs: 10_000 })
    await Bun.sleep(300)
    other.letGo()
    for (const fault of [await late, await behind]) {
      expect([fault.code, fault.isUndone, (fault.cause as Refusal).reason]).toEqual([
        'SQLITE_BUSY_TIMEOUT',
        true,
        'overloaded',
      ])
    }
    await inTime
    expect(await names(database)).toEqual(['C'])
  })
})

test('a write that follows one that failed is not done; one that follows it by time alone is', async () => {
  await using file = await aFile()
  const add = (name: string, after?: Promise<unknown[]>) =>
    file.database.write([{ sql: 'INSERT INTO hospital (name, code) VALUES (?, ?)', args: [name, name] }], {
      after: after as Promise<Written[]> | undefined,
    })
  const first = add('A')
  const second = add('A', first)
  const third = add('B', second)
  const fourth = add('C', third)
  const beside = add('D')
  const results = await Promise.allSettled([first, second, third, fourth, beside])
  expect(results.map((result) => (result.status === 'rejected' ? result.reason.code : 'written'))).toEqual([
    'written',
    'SQLITE_CONSTRAINT_UNIQUE',
    'SQLITE_ABORT',
    'SQLITE_ABORT',
    'written',
  ])
  expect(await file.database.read('SELECT name FROM hospital ORDER BY name')).toEqual([{ name: 'A' }, { name: 'D' }])
})

test.each([
  ['SQLITE_BUSY', 'overloaded'],
  ['SQLITE_BUSY_RECOVERY', 'overloaded'],
  ['SQLITE_LOCKED', 'overloaded'],
  ['SQLITE_CONSTRAINT_UNIQUE', undefined],
  ['SQLITE_ERROR', undefined],
])('to callers %s means %p, of a reading too', (code, reason) => {
  const { cause } = told(Object.assign(new Error(code), { code }))
  expect((cause as Refusal | undefined)?.reason).toBe(reason as never)
})

test.each([
  ['SQLITE_IOERR', true],
  ['SQLITE_IOERR_FSYNC', true],
  ['SQLITE_FULL', true],
  ['SQLITE_CORRUPT_INDEX', true],
  ['SQLITE_NOTADB', true],
  ['WRITER_STOPPED', true],
  ['SQLITE_BUSY', false],
  ['SQLITE_BUSY_SNAPSHOT', false],
  ['SQLITE_LOCKED', false],
  ['SQLITE_CONSTRAINT_UNIQUE', false],
  ['SQLITE_ERROR', false],
])('%s ends all writing: %p', (code, fatal) => {
  expect(new DatabaseFault(code, '').isFatal).toBe(fatal)
})
