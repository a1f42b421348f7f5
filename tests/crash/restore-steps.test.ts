import { expect, setDefaultTimeout, test } from 'bun:test'
import { copyFileSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { backUp, type Database, open } from '@channelling/schema'
import { commandPath } from '../support/command'
import { aHospital } from '../support/hospital'

setDefaultTimeout(120_000)

/** What a restore does to files, each by itself; by default those that decide. */
const CALLS =
  process.env.NIGHTLY === '1'
    ? ['rename', 'fsync', 'unlink', 'ftruncate', 'pwrite64', 'mkdir', 'copy_file_range']
    : ['rename', 'fsync']
const AT_ONCE = 2

const FILE = 'channelling.db'
const PARTS = ['', '-wal', '-shm', '.restoring', '.restoring-wal', '.restoring-shm', '.restored']

const namesOf = async (database: Database) =>
  (await database.read<{ name: string }>('SELECT DISTINCT name FROM patient')).map(({ name }) => name)

/** Data as a killed server leaves it, its last write in the log alone, and a backup of how it was before. */
async function killedServer(folder: string): Promise<{ data: string; backup: string }> {
  const [live, data, backup] = ['live', 'data', 'backup.db'].map((name) => join(folder, name)) as [
    string,
    string,
    string,
  ]
  mkdirSync(data)
  const url = `file:${join(live, FILE)}`
  const database = await open({ url })
  await aHospital({ patients: 1 })(database)
  await database.write([{ sql: "UPDATE patient SET name = 'earlier'", args: [] }])
  await backUp({ url }, backup, { held: true })
  await database.write([{ sql: "UPDATE patient SET name = 'later'", args: [] }])
  for (const part of ['', '-wal']) copyFileSync(join(live, `${FILE}${part}`), join(data, `${FILE}${part}`))
  await database.close()
  return { data, backup }
}

/** Restores under strace, which writes down every call on the data, and kills at one of them. */
async function restoreTraced(data: string, backup: string, killAt?: { call: string; count: number }) {
  const log = `${data}.strace`
  const paths = [data, ...PARTS.map((part) => join(data, `${FILE}${part}`))].flatMap((path) => ['-P', path])
  const kill = killAt ? ['-e', `inject=${killAt.call}:signal=KILL:when=${killAt.count}`] : []
  const child = Bun.spawn(
    [
      ...['strace', '-f', '-y', '-o', log, '-e', `trace=${['rename', 'fsync', ...CALLS].join()}`, ...paths, ...kill],
      ...[process.execPath, commandPath('restore'), '--from', backup],
    ],
    { env: { PATH: process.env.PATH, DATA_DIR: data }, stdout: 'ignore', stderr: 'ignore' },
  )
  await child.exited
  return { ended: child.exitCode === 0, calls: readFileSync(log, 'utf8').split('\n') }
}

/** Everything that is wrong with what is found at the next start. */
async function faultsOf(data: string): Promise<{ faults: string[]; is: string }> {
  const faults: string[] = []
  const database = await open({ url: `file:${join(data, FILE)}` })
  const names = await namesOf(database)
  await database.close()
  if (names.length !== 1) faults.push(`there are ${names.length} kinds of patients`)
  const before = readdirSync(data).filter((name) => name.startsWith(`${FILE}.before-`))
  if (names[0] === 'earlier') {
    if (before.length !== 1) faults.push(`the data of before is kept ${before.length} times`)
    for (const name of before) {
      const kept = await open({ url: `file:${join(data, name, FILE)}` })
      if ((await namesOf(kept)).join() !== 'later') faults.push('the data of before lacks its last write')
      await kept.close()
    }
  } else if (before.length > 0) faults.push('the data is there and was moved away as well')
  if (existsSync(join(data, `${FILE}.restored`))) faults.push('what was decided was not done')
  return { faults, is: names.join() }
}

test('whenever a restore is killed, the next start has the data of before with its last write, or the whole backup, and then the data of before beside it', async () => {
  const root = mkdtempSync(join(tmpdir(), 'restore-steps-'))
  const origin = await killedServer(root)
  const found = new Map<string, number>()
  let next = 0
  async function step(call: string, count: number): Promise<boolean> {
    const data = join(root, `data-${next++}`)
    mkdirSync(data)
    for (const part of ['', '-wal']) copyFileSync(join(origin.data, `${FILE}${part}`), join(data, `${FILE}${part}`))
    const { ended } = await restoreTraced(data, origin.backup, { call, count })
    const { faults, is } = await faultsOf(data)
    expect([`${call} ${count}`, ...faults]).toEqual([`${call} ${count}`])
    if (ended) expect(is).toBe('earlier')
    else found.set(is, (found.get(is) ?? 0) + 1)
    rmSync(data, { recursive: true })
    return ended
  }
  for (const call of CALLS) {
    for (let count = 1; ; count += AT_ONCE) {
      const ended = await Promise.all(Array.from({ length: AT_ONCE }, (_, more) => step(call, count + more)))
      if (ended.some(Boolean)) break
    }
  }
  console.log('killed', Object.fromEntries(found))
  expect(found.get('later')).toBeGreaterThan(0)
  expect(found.get('earlier')).toBeGreaterThan(0)
  rmSync(root, { recursive: true })
})

test('before another file gets the name, the old log is away on the disk', async () => {
  const root = mkdtempSync(join(tmpdir(), 'restore-order-'))
  const { data, backup } = await killedServer(root)
  const { ended, calls } = await restoreTraced(data, backup)
  expect(ended).toBe(true)
  const steps = calls.flatMap((line) => {
    const renamed = /rename\("[^"]*\/([^"/]+)", "([^"]+)"/.exec(line)
    if (renamed) return [`${renamed[1]} -> ${renamed[2]!.slice(data.length + 1).replace(/before-\w+/, 'before')}`]
    return line.includes(`<${data}>`) ? ['folder on the disk'] : []
  })
  expect(steps.slice(steps.findIndex((step) => step.includes('->')))).toEqual([
    `${FILE}.restoring -> ${FILE}.restored`,
    'folder on the disk',
    `${FILE} -> ${FILE}.before/${FILE}`,
    `${FILE}-wal -> ${FILE}.before/${FILE}-wal`,
    'folder on the disk',
    `${FILE}.restored -> ${FILE}`,
    'folder on the disk',
  ])
  rmSync(root, { recursive: true })
})
