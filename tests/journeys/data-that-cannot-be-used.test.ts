import { afterAll, beforeAll, expect, setDefaultTimeout, test } from 'bun:test'
import { closeSync, mkdirSync, mkdtempSync, openSync, readdirSync, rmSync, writeFileSync, writeSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { open } from '@channelling/schema'
import { command } from '../support/command'
import { freePort } from '../support/port'

setDefaultTimeout(60_000)

const source = new URL('../../gateway/src/', import.meta.url).pathname

let folder: string
const at = (name: string) => join(folder, name)
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'unusable-'))
  mkdirSync(at('folder'))
  writeFileSync(at('other.db'), 'of something else'.repeat(1000))
  for (const name of ['good.db', 'damaged.db']) await (await open({ url: `file:${at(name)}` })).close()
  const file = openSync(at('damaged.db'), 'r+')
  for (let page = 1; page < 40; page++) writeSync(file, Buffer.alloc(2048, page), 0, 2048, page * 2048)
  closeSync(file)
})
afterAll(() => rmSync(folder, { recursive: true }))

/** What a start that cannot be says, and the code it leaves with. */
async function started(script: string, environment: Record<string, string>) {
  const child = Bun.spawn([process.execPath, join(source, script)], {
    env: { PATH: process.env.PATH, HOST: '127.0.0.1', PORT: '0', ...environment },
    stdout: 'ignore',
    stderr: 'pipe',
  })
  // one that starts all the same goes on for ever
  const timer = setTimeout(() => child.kill(), 30_000)
  const [err, code] = await Promise.all([new Response(child.stderr).text(), child.exited])
  clearTimeout(timer)
  return { code, out: '', err: err.trim() }
}

const failedWith = (err: string) => ({ code: 1, out: '', err })

const damaged = (name: string) =>
  `The data file ${at(name)} is damaged, or no database: restore a backup (docs/operations.md)`
const isFolder = () =>
  `${at('folder')} is a folder, and the data is a file: name one in it, as ${at('folder/channelling.db')}`

test.each([
  ['of something else', 'other.db', () => damaged('other.db')],
  ['that is damaged', 'damaged.db', () => damaged('damaged.db')],
  ['that is a folder', 'folder', isFolder],
])(
  'a data file %s is named in one line that says what to do, by a server and by commands',
  async (_what, name, said) => {
    const environment = { DATA_DIR: at('data'), DATABASE_URL: `file:${at(name)}` }
    expect(await started('main.ts', environment)).toEqual(failedWith(said()))
    expect(await command('keys', ['list'], environment)).toEqual(failedWith(said()))
    const copied = ['copy', '--from', `file:${at(name)}`, '--to', `file:${at('copy.db')}`]
    expect(await command('db', copied, {})).toEqual(failedWith(said()))
    const backup = await command('backup', ['--to', at('backup.db')], environment)
    expect(backup).toEqual(failedWith(name === 'folder' ? `There is no data at ${at(name)}` : said()))
    expect(readdirSync(folder).filter((made) => /^(copy|backup)\.db/.test(made))).toEqual([])
  },
)

test('a folder in which nothing can be written is named, and where to name another', async () => {
  // where not even the owner of everything may write
  const err = expect.stringMatching(/^The folder \/sys cannot be written to.*DATA_DIR|^No permission.*DATA_DIR.*\/sys/)
  expect(await started('commands/services.ts', { DATA_DIR: '/sys' })).toEqual({ code: 1, out: '', err })
  expect(await started('main.ts', { DATA_DIR: '/sys' })).toEqual({ code: 1, out: '', err })
  const copied = await command('db', ['copy', '--from', `file:${at('good.db')}`, '--to', 'file:/sys/copy.db'], {})
  expect(copied).toEqual(failedWith(expect.stringContaining('The folder /sys cannot be written to')))
})

test('a database server that is away is told of as that, and which it is', async () => {
  const url = `http://127.0.0.1:${freePort()}`
  for (const DATABASE_URL of [url, url.replace('http', 'ws'), 'http://nobody.invalid']) {
    const environment = { DATA_DIR: at('data'), DATABASE_URL }
    const said = `The database server of DATABASE_URL, ${new URL(DATABASE_URL).host}, does not answer: start it, or name another`
    expect(await command('keys', ['list'], environment)).toEqual(failedWith(said))
    expect(await command('import', ['services/catalogue/demo'], environment)).toEqual(failedWith(said))
  }
  const copied = await command('db', ['copy', '--from', `file:${at('good.db')}`, '--to', url], {})
  expect(copied).toEqual(
    failedWith('The database server that is copied to does not answer: start it, or name another with --to'),
  )
})

test('a backup that cannot be read is named', async () => {
  const inAFile = at('other.db/backup.db')
  const restored = await command('restore', ['--from', inAFile], { DATA_DIR: at('data') })
  expect(restored).toEqual(failedWith(`${inAFile} is in what is no folder: name another`))
})
