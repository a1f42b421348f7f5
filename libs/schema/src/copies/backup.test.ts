import { afterEach, beforeEach, expect, test } from 'bun:test'
import {
  chmodSync,
  closeSync,
  copyFileSync,
  cpSync,
  existsSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
  writeSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createClient } from '@libsql/client'
import { drizzle } from 'drizzle-orm/libsql'
import { migrate } from 'drizzle-orm/libsql/migrator'
import Sqlite from 'libsql'
import { backupState } from '../file/mark'
import { BackupFault, backUp, type Database, DataInUse, open, RestoreFault, restore, SKIPPED_IDS } from '../index'
import { aHospital, aSession } from '../testing'

let folder: string
let data: string
let backup: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'backup-'))
  data = join(folder, 'channelling.db')
  backup = join(folder, 'backup.db')
})
afterEach(() => rmSync(folder, { recursive: true }))

const url = (path = data) => ({ url: `file:${path}` })

async function withDatabase<Result>(work: (database: Database) => Promise<Result>, path = data): Promise<Result> {
  const database = await open(url(path))
  try {
    return await work(database)
  } finally {
    await database.close()
  }
}

const addPatient = (database: Database, name: string) =>
  database.write([
    {
      sql: "INSERT INTO patient (phn, name, name_key, created_at, updated_at) VALUES (?1, ?1, '', 0, 0) RETURNING id",
      args: [name],
    },
  ])

const idOf = (written: { rows: Record<string, unknown>[] }[]) => written[0]!.rows[0]!.id as number

const patientsOf = async (database: Database) =>
  (await database.read<{ name: string }>('SELECT name FROM patient ORDER BY id')).map(({ name }) => name)

/** Changes one byte somewhere in the middle of a file. */
function spoil(path: string): void {
  const descriptor = openSync(path, 'r+')
  const at = Math.floor(statSync(path).size / 2)
  writeSync(descriptor, Buffer.from([readFileSync(path)[at]! ^ 1]), 0, 1, at)
  closeSync(descriptor)
}

/** What somebody does to a backup with a tool of theirs. */
function changeByHand(path: string): void {
  const file = new Sqlite(path)
  file.exec("UPDATE patient SET phone = '1'")
  file.close()
}

test('a backup is one file, whole, for its owner alone, and nothing is left beside it', async () => {
  const before = process.umask(0)
  try {
    await withDatabase(async (database) => {
      await aHospital({ patients: 3 })(database)
      const { bytes } = await backUp(url(), backup, { held: true })
      expect(bytes).toBe(statSync(backup).size)
    })
  } finally {
    process.umask(before)
  }
  expect(statSync(backup).mode & 0o777).toBe(0o600)
  expect(backupState(backup)).toBe('whole')
  expect(readdirSync(folder).filter((name) => name.startsWith('backup'))).toEqual(['backup.db'])
  const file = new Sqlite(backup)
  expect(file.prepare('SELECT count(*) FROM patient').raw().get([])).toEqual([3])
  expect(file.prepare('PRAGMA journal_mode').raw().get([])).toEqual(['delete'])
  file.close()
})

test('what is written while a backup is made is in it whole or not at all, and nothing written before it is missing', async () => {
  await withDatabase(async (database) => {
    await aHospital({ patients: 20_000 })(database)
    let written = 0
    let going = true
    // a pair that only one write makes
    const writing = (async () => {
      while (going) {
        const pair = ['a', 'b'].map((half) => `${half}${written}`)
        await database.write(
          pair.map((name) => ({
            sql: "INSERT INTO patient (phn, name, name_key, created_at, updated_at) VALUES (?1, ?1, 'pair', 0, 0)",
            args: [name],
          })),
        )
        written++
      }
    })()
    while (written < 20) await Bun.sleep(1)
    const atLeast = written
    await backUp(url(), backup, { held: true })
    const atMost = written
    going = false
    await writing
    expect(atMost).toBeGreaterThan(atLeast)
    const file = new Sqlite(backup)
    const [pairs] = file.prepare("SELECT count(*) FROM patient WHERE name_key = 'pair'").raw().get([]) as number[]
    file.close()
    expect(pairs! % 2).toBe(0)
    expect(pairs! / 2).toBeGreaterThanOrEqual(atLeast)
    expect(pairs! / 2).toBeLessThanOrEqual(atMost)
  })
})

test('a backup never takes the place of anything, and of what another process holds none is made', async () => {
  await withDatabase(async () => {
    writeFileSync(backup, 'mine')
    await expect(backUp(url(), backup, { held: true })).rejects.toThrow(BackupFault)
    await expect(backUp(url(), data, { held: true })).rejects.toThrow(BackupFault)
    await expect(backUp(url(), join(folder, 'none', 'b.db'), { held: true })).rejects.toThrow('There is no folder')
    await expect(backUp(url(), join(folder, 'other.db'))).rejects.toThrow(DataInUse)
  })
  expect(readFileSync(backup, 'utf8')).toBe('mine')
  await expect(backUp(url(join(folder, 'none.db')), join(folder, 'other.db'))).rejects.toThrow('There is no data')
  expect(existsSync(join(folder, 'none.db'))).toBe(false)
})

test('damaged data gives no backup, and says so', async () => {
  await withDatabase(aHospital({ patients: 2000 }))
  const file = new Sqlite(data)
  file.exec('PRAGMA foreign_keys = OFF; UPDATE consultant SET speciality_id = 99')
  file.close()
  await expect(backUp(url(), backup)).rejects.toThrow('consultant refers to no speciality')
  expect(readdirSync(folder).filter((name) => name.startsWith('backup'))).toEqual([])
})

test('a restored backup is what it was, in a stream of its own, and the data of before is kept beside', async () => {
  const epochOf = (database: Database) => database.read<{ epoch: string }>('SELECT epoch FROM event_stream')
  const first = await withDatabase(async (database) => {
    await addPatient(database, 'before')
    await backUp(url(), backup, { held: true })
    await addPatient(database, 'after')
    return epochOf(database)
  })
  const restored = await restore(backup, data)
  expect(restored).toMatchObject({ bookings: 0, patients: 1, latest: 0 })
  await withDatabase(async (database) => {
    expect(await patientsOf(database)).toEqual(['before'])
    expect(await epochOf(database)).toEqual([{ epoch: restored.epoch }])
    expect(restored.epoch).not.toBe(first[0]!.epoch)
  })
  expect(statSync(data).mode & 0o777).toBe(0o600)
  await withDatabase(
    async (database) => {
      expect(await patientsOf(database)).toEqual(['before', 'after'])
      expect(await epochOf(database)).toEqual(first)
    },
    join(restored.before!, 'channelling.db'),
  )
  // the backup is as good as before
  expect(backupState(backup)).toBe('whole')
})

test.each(['644', '444'])(
  'what is restored of a backup of mode %s is for its owner alone, and can be written',
  async (mode) => {
    await withDatabase((database) => addPatient(database, 'First'))
    await backUp(url(), backup)
    chmodSync(backup, mode)
    await restore(backup, data)
    expect((statSync(data).mode & 0o777).toString(8)).toBe('600')
    expect(await withDatabase(patientsOf)).toEqual(['First'])
  },
)

test('no id that was given after the backup is given again, of a table that was still empty neither', async () => {
  const taking = { sql: 'UPDATE booking_sequence SET next = next + 1 RETURNING next AS id', args: [] }
  const given = await withDatabase(async (database) => {
    await backUp(url(), backup, { held: true })
    return [idOf(await addPatient(database, 'a')), idOf(await database.write([taking]))]
  })
  await restore(backup, data)
  await withDatabase(async (database) => {
    const again = [idOf(await addPatient(database, 'b')), idOf(await database.write([taking]))]
    expect(again).toEqual(given.map((id) => id + SKIPPED_IDS))
    const [unskipped] = await database.read(
      `SELECT count(*) AS tables FROM sqlite_schema AS s LEFT JOIN sqlite_sequence AS q ON q.name = s.name
        WHERE s.sql LIKE '%AUTOINCREMENT%' AND coalesce(q.seq, 0) < ?`,
      [SKIPPED_IDS],
    )
    expect(unskipped).toEqual({ tables: 0 })
  })
})

/** A data file as a program made it that had only the first migrations. */
async function olderData(migrations: number): Promise<void> {
  const ours = join(import.meta.dir, '../../migrations')
  const theirs = join(folder, 'migrations')
  cpSync(ours, theirs, { recursive: true })
  const journal = JSON.parse(readFileSync(join(ours, 'meta/_journal.json'), 'utf8')) as { entries: unknown[] }
  journal.entries.splice(migrations)
  writeFileSync(join(theirs, 'meta/_journal.json'), JSON.stringify(journal))
  const client = createClient(url())
  await migrate(drizzle(client), { migrationsFolder: theirs })
  await client.execute("INSERT INTO hospital (name, code) VALUES ('A', 'A')")
  client.close()
}

test('a backup leaves an older schema as it is, and a restore brings it to the present one', async () => {
  await olderData(2)
  await backUp(url(), backup)
  const file = new Sqlite(backup)
  expect(file.prepare('SELECT count(*) FROM __drizzle_migrations').raw().get([])).toEqual([2])
  file.close()
  const { epoch } = await restore(backup, data)
  await withDatabase(async (database) => {
    expect(await database.read('SELECT name FROM hospital')).toEqual([{ name: 'A' }])
    expect(await database.read('SELECT epoch FROM event_stream')).toEqual([{ epoch }])
  })
})

const OTHER = 'other.db'

test.each([
  ['that is not there', OTHER, () => {}, 'There is no file'],
  ['of something else', OTHER, (path: string) => writeFileSync(path, 'x'.repeat(9000)), 'is no backup'],
  ['that is empty', OTHER, (path: string) => writeFileSync(path, ''), 'is no backup'],
  ['copied from a data folder', OTHER, (path: string) => copyFileSync(data, path), 'is no backup'],
  ['cut short', 'backup.db', (path: string) => truncateSync(path, statSync(path).size - 2048), 'damaged, or not whole'],
  ['with one bit changed', 'backup.db', spoil, 'is damaged, or not whole'],
  ['changed by hand', 'backup.db', changeByHand, 'is damaged, or not whole'],
])('a file %s is refused, and the data stays as it is', async (_what, name, given, why) => {
  await withDatabase(async (database) => {
    await aHospital({ patients: 100 })(database)
    await backUp(url(), backup, { held: true })
    await addPatient(database, 'last')
  })
  given(join(folder, name))
  const failed = await restore(join(folder, name), data).catch((error) => error)
  expect(failed).toBeInstanceOf(RestoreFault)
  expect(failed.message).toContain(why)
  expect(await withDatabase(patientsOf)).toContain('last')
  expect(readdirSync(folder).filter((name) => /restor|before/.test(name))).toEqual([])
})

test('a backup of a newer version, or of no version of ours, is refused', async () => {
  await withDatabase(aHospital({ sessions: [aSession()] }))
  const file = new Sqlite(data)
  file.exec("INSERT INTO __drizzle_migrations (hash, created_at) VALUES ('later', 9999999999999)")
  file.close()
  await backUp(url(), backup)
  await expect(restore(backup, join(folder, 'new', 'channelling.db'))).rejects.toThrow('newer version')
  const other = new Sqlite(join(folder, 'other.db'))
  other.exec('CREATE TABLE a (b)')
  other.close()
  await backUp(url(join(folder, 'other.db')), join(folder, 'other-backup.db'))
  const refused = restore(join(folder, 'other-backup.db'), join(folder, 'new', 'channelling.db'))
  await expect(refused).rejects.toThrow('no data of ours')
  expect(existsSync(join(folder, 'new', 'channelling.db'))).toBe(false)
})

test('nothing is restored under a server', async () => {
  await withDatabase(async (database) => {
    await backUp(url(), backup, { held: true })
    await addPatient(database, 'a')
    await expect(restore(backup, data)).rejects.toThrow(DataInUse)
    expect(await patientsOf(database)).toEqual(['a'])
  })
})
