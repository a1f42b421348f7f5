import { afterEach, beforeEach, expect, setDefaultTimeout, test } from 'bun:test'
import { existsSync, readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { open } from '@channelling/schema'
import { controlPath } from '../control'
import { aDataFolder, run, startServer } from './testing'

// each command is a process of its own
setDefaultTimeout(60_000)

let folder: ReturnType<typeof aDataFolder>
beforeEach(() => {
  folder = aDataFolder()
})
afterEach(() => folder.remove())

for (const beside of ['without a server', 'beside a server']) {
  test(`${beside}: a backup is made, its name alone on the output, and what cannot be is one line`, async () => {
    const server = beside === 'beside a server' ? await startServer(folder.dataDir) : null
    if (!server) await (await open({ url: folder.settings.DATABASE_URL })).close()
    const to = join(folder.dataDir, 'one.db')
    const made = await run('backup', folder.dataDir, '--to', to)
    expect([made.code, made.out]).toEqual([0, to])
    const again = await run('backup', folder.dataDir, '--to', to)
    expect([again.code, again.out, again.err]).toEqual([1, '', `${to} is there already`])
    const nowhere = await run('backup', folder.dataDir, '--to', join(folder.dataDir, 'none', 'b.db'))
    expect([nowhere.code, nowhere.err]).toEqual([1, `There is no folder ${join(folder.dataDir, 'none')}`])
    // what ends in a slash means a folder, and makes no file of its name
    for (const name of ['none', 'one.db']) {
      const noFolder = await run('backup', folder.dataDir, '--to', `${join(folder.dataDir, name)}/`)
      expect([noFolder.code, noFolder.err]).toEqual([1, `There is no folder ${join(folder.dataDir, name)}`])
    }
    const inAFile = await run('backup', folder.dataDir, '--to', join(to, 'in', 'b.db'))
    expect([inAFile.code, inAFile.err]).toEqual([1, `There is no folder ${join(to, 'in')}`])
    const tooLong = join(folder.dataDir, 'b'.repeat(300))
    const unwritable = await run('backup', folder.dataDir, '--to', tooLong)
    expect([unwritable.code, unwritable.err]).toEqual([
      1,
      `${tooLong} cannot be written (ENAMETOOLONG): its folder has to be writable for whoever runs the server, or this command where none runs`,
    ])
    expect(readdirSync(folder.dataDir).filter((file) => /none|partial/.test(file))).toEqual([])
    await server?.close()
  })
}

test('a server that goes away before the backup is done leaves nothing half behind', async () => {
  const database = await open({ url: folder.settings.DATABASE_URL })
  const to = join(folder.dataDir, 'backup.db')
  const server = Bun.serve({
    unix: controlPath(folder.dataDir),
    async fetch(request) {
      if (!request.url.endsWith('/backup')) return Response.json({ data: {} })
      writeFileSync(`${to}.partial`, 'half')
      void server.stop(true)
      return new Promise<Response>(() => undefined)
    },
  })
  const gone = await run('backup', folder.dataDir, '--to', to)
  expect([gone.code, gone.err]).toEqual([1, 'The server went away before the backup was done'])
  expect([existsSync(to), existsSync(`${to}.partial`)]).toEqual([false, false])
  await database.close()
})

test('a wrong call is one line and exit code 2; help needs no data', async () => {
  for (const [command, ...args] of [
    ['backup', '--into', 'x'],
    ['backup', 'x'],
    ['restore'],
    ['restore', '--from', 'x', '--skip', '-1'],
    ['restore', '--from', 'x', '--skip', 'many'],
  ] as const) {
    const { code, out, err } = await run(command, folder.dataDir, ...args)
    expect([code, out, err.split('\n').length]).toEqual([2, '', 1])
  }
  for (const command of ['backup', 'restore'] as const) {
    expect((await run(command, '/nowhere/at/all', '--help')).out).toStartWith(`Usage: bun run ${command}`)
  }
})
